//! What every part of the compiler works on: the file, the names, what was found, and what steps share.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use minijinja::Value;

use super::diagnostics::Diagnostics;
use super::fields::Fields;
use super::flow_table::FlowTable;
use super::graphql_settings::GraphqlSettings;
use super::input::Input;
use super::interner::Interner;
use super::tag_filter::TagFilter;
use crate::row_kind::RowKind;
use crate::scenario::eval::template::{Names, TemplateError};
use crate::scenario::graphql::endpoint::SentDocument;
use crate::scenario::plan::{EndpointId, Feeder};
use crate::scenario::syntax::diagnostic::Diagnostic;
use crate::scenario::syntax::node::Node;
use crate::scenario::syntax::source::Sources;

/// The state of one compilation.
pub(super) struct Builder<'a> {
    /// The texts of the file.
    pub sources: &'a Sources,
    /// Defaults of steps.
    pub settings: Settings<'a>,
    /// Names that templates can use.
    pub names: Names,
    /// Data files.
    pub feeders: Vec<Feeder>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// Rows and connections.
    pub interner: Interner,
    /// Flows.
    pub flow_table: FlowTable,
    /// Which steps are taken.
    pub tags: TagFilter<'a>,
    /// What steps need, seen on the way.
    pub uses: Uses,
    /// Files that were read, so that one that many steps send is there once.
    pub files: HashMap<String, Bytes>,
    /// The stages of the file and of all its profiles.
    pub stage_names: Vec<String>,
    /// Why the selected part is empty.
    pub nothing: Option<String>,
}

/// `defaults` and `graphql` of the file.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    /// `defaults`.
    pub defaults: Fields<'a>,
    /// `graphql`.
    pub graphql: GraphqlSettings<'a>,
}

/// What the steps of a file use.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Some request goes to the host.
    pub needs_host: bool,
    /// Some request goes somewhere by HTTP.
    pub sends_http: bool,
    /// The first Redis step.
    pub redis: Option<Range<usize>>,
    /// What is wrong if the run does not name a Redis.
    pub no_redis: Option<Diagnostic>,
    /// Where steps measure deliveries.
    pub measured: Vec<Range<usize>>,
    /// Values that are masked besides `secrets`: passwords in URLs, and that of Redis.
    pub passwords: Vec<String>,
    /// The GraphQL steps, also of what was not taken.
    pub documents: Vec<SentDocument>,
}

impl<'a> Builder<'a> {
    pub fn new(input: Input<'a>) -> Self {
        let names =
            Names::with_environment(Value::from_pairs(Vec::<(String, Value)>::new()), Arc::clone(input.environment));
        Self {
            sources: input.sources,
            settings: Settings { defaults: Fields(&[]), graphql: GraphqlSettings::unread() },
            names,
            feeders: Vec::new(),
            diagnostics: Diagnostics::default(),
            interner: Interner::default(),
            flow_table: FlowTable::default(),
            tags: TagFilter::new(input.select),
            uses: Uses::default(),
            files: HashMap::new(),
            stage_names: stage_names(input.whole),
            nothing: None,
        }
    }

    /// An error without advice.
    pub fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.diagnostics.errors.push(Diagnostic::new(node.at.clone(), message));
    }

    /// An error with advice.
    pub fn report(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.diagnostics.errors.push(Diagnostic::new(at, message).note(note));
    }

    /// A warning with advice.
    pub fn warn(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.diagnostics.warnings.push(Diagnostic::new(at, message).note(note));
    }

    /// Reports an error of a template at its word, if the text of the value contains it.
    pub fn template_error(&mut self, node: &Node, error: TemplateError) {
        let written = self.sources.at(node.at.clone());
        // The same word may occur in the text before the template.
        let from = written.find("{{").unwrap_or(0);
        let found = written[from..].find(&error.word).map(|i| from + i).or_else(|| written.find(&error.word));
        let at = match found {
            Some(i) if !error.word.is_empty() => node.at.start + i..node.at.start + i + error.word.len(),
            _ => node.at.clone(),
        };
        let mut diagnostic = Diagnostic::new(at, error.message);
        diagnostic.notes = error.notes;
        if let Some(flow) = self.flow_table.current.as_ref().filter(|_| error.undefined) {
            let note = format!("or set it in the step that calls: {{ call: {flow}, with: {{ {}: … }} }}", error.word);
            diagnostic.notes.push(note);
        }
        self.diagnostics.errors.push(diagnostic);
    }

    /// The row of a request of the current task and step.
    pub fn endpoint(&mut self, kind: RowKind, name: &str) -> EndpointId {
        self.interner.endpoint(kind, name, &self.tags.current)
    }
}

/// The names of all stages in the file and its profiles.
fn stage_names(root: &Node) -> Vec<String> {
    let profiles = Fields(root.entries()).get("profiles").map(Node::entries).unwrap_or_default();
    let mut names = Vec::new();
    for node in profiles.iter().map(|(_, node)| node).chain([root]) {
        let fields = Fields(node.entries());
        for model in ["shape", "arrivals"].into_iter().filter_map(|key| fields.get(key)) {
            let stages = Fields(model.entries()).get("stages").map(Node::one_or_more).unwrap_or_default();
            let name = |stage: &Node| Fields(stage.entries()).get("name").and_then(Node::scalar).map(str::to_owned);
            names.extend(stages.iter().filter_map(name));
        }
    }
    names
}
