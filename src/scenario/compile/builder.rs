//! State shared by all parts of the compiler: file, names, diagnostics, and what steps have in common.

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
use super::unset::Part;
use crate::row_kind::RowKind;
use crate::scenario::eval::template::{Names, TemplateError};
use crate::scenario::graphql::endpoint::SentDocument;
use crate::scenario::plan::{EndpointId, Feeder};
use crate::scenario::syntax::diagnostic::Diagnostic;
use crate::scenario::syntax::node::Node;
use crate::scenario::syntax::source::Sources;

/// State of a compilation.
pub(super) struct Builder<'a> {
    /// Texts of the file and its includes.
    pub sources: &'a Sources,
    /// Defaults for steps.
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
    /// Filter for tasks and steps.
    pub tags: TagFilter<'a>,
    /// Errors for variables of the environment that the selected part needs and that are not set.
    pub demanded: Vec<Diagnostic>,
    /// Current part of the file.
    pub part: Part,
    /// Requirements of the steps.
    pub uses: Uses,
    /// Files that were read, so that each is in memory only once.
    pub files: HashMap<String, Bytes>,
    /// Stage names of the file and all its profiles.
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

/// Requirements of the steps.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Some request uses the host.
    pub needs_host: bool,
    /// Some request is sent over HTTP.
    pub sends_http: bool,
    /// The first Redis step.
    pub redis: Option<Range<usize>>,
    /// Error to report if the run does not specify a Redis server.
    pub no_redis: Option<Diagnostic>,
    /// Errors of commands that a cluster cannot execute.
    pub cross_slot: Vec<Diagnostic>,
    /// Positions of steps that measure deliveries.
    pub measured: Vec<Range<usize>>,
    /// Positions of payloads that are bytes.
    pub binary: Vec<Range<usize>>,
    /// Values to mask in addition to `secrets`: passwords in URLs and of Redis.
    pub passwords: Vec<String>,
    /// All GraphQL steps, including those that are not selected.
    pub documents: Vec<SentDocument>,
}

impl<'a> Builder<'a> {
    pub fn new(input: Input<'a>) -> Self {
        let mut names =
            Names::with_environment(Value::from_pairs(Vec::<(String, Value)>::new()), Arc::clone(input.environment));
        names.unreadable = Arc::clone(input.unreadable);
        Self {
            sources: input.sources,
            settings: Settings { defaults: Fields(&[]), graphql: GraphqlSettings::unread() },
            names,
            feeders: Vec::new(),
            diagnostics: Diagnostics::default(),
            interner: Interner::default(),
            flow_table: FlowTable::default(),
            tags: TagFilter::new(input.select),
            part: Part::default(),
            demanded: Vec::new(),
            uses: Uses::default(),
            files: HashMap::new(),
            stage_names: stage_names(input.whole),
            nothing: None,
        }
    }

    /// Reports an error without a note.
    pub fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.diagnostics.errors.push(Diagnostic::new(node.at.clone(), message));
    }

    /// Reports an error with a note.
    pub fn report(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.diagnostics.errors.push(Diagnostic::new(at, message).note(note));
    }

    /// Reports a warning with a note.
    pub fn warn(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.diagnostics.warnings.push(Diagnostic::new(at, message).note(note));
    }

    /// Reports a template error, at the position of its word if that can be found.
    pub fn template_error(&mut self, node: &Node, error: TemplateError) {
        let written = self.sources.at(node.at.clone());
        // Skip the text before the template, which may contain the same word.
        let from = written.find("{{").unwrap_or(0);
        let found = written[from..].find(&error.word).map(|i| from + i).or_else(|| written.find(&error.word));
        let at = match found {
            Some(i) if !error.word.is_empty() => node.at.start + i..node.at.start + i + error.word.len(),
            _ => node.at.clone(),
        };
        if error.unset {
            return self.unset(at, error);
        }
        let mut diagnostic = Diagnostic::new(at, error.message);
        diagnostic.notes = error.notes;
        if let Some(flow) = self.flow_table.current.as_ref().filter(|_| error.undefined) {
            let note = format!("or set it in the step that calls: {{ call: {flow}, with: {{ {}: … }} }}", error.word);
            diagnostic.notes.push(note);
        }
        self.diagnostics.errors.push(diagnostic);
    }

    /// Row of the statistics for a request of the current step.
    pub fn endpoint(&mut self, kind: RowKind, name: &str) -> EndpointId {
        self.interner.endpoint(kind, name, &self.tags.current)
    }
}

/// Names of all stages in the file and its profiles.
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
