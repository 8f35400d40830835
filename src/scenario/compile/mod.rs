//! The tree of a file becomes a [`Plan`]. Every error on the way is collected, so that one run shows them all.

mod body;
mod capture;
mod class;
mod client;
mod control;
mod early;
mod expect;
mod feeder;
mod fields;
mod flows;
mod graphql;
mod http;
mod idle;
mod impossible;
mod load;
mod lookalike;
mod matcher;
mod names;
mod null;
mod operations;
mod pem;
mod redis;
mod report;
mod rules;
mod secrets;
mod step;
mod subscription;
mod threshold;
mod value;
mod wait;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use minijinja::Value;

use self::fields::Fields;
use self::flows::Around;
pub(crate) use self::report::MAX_PROFILES;
use super::eval::template::{Names, TemplateError, Text};
use super::grammar::keys;
use super::graphql::endpoint::SentDocument;
use super::plan::{Class, ClientOptions, Endpoint, EndpointId, Feeder, FlowId, Plan, SelectOptions};
use super::syntax::diagnostic::{Diagnostic, nearest};
use super::syntax::node::Node;
use super::syntax::source::Sources;

/// What was read, besides the plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `host`, with its templates filled.
    pub host: Option<String>,
    /// Some request goes to the host.
    pub needs_host: bool,
    /// Some request goes somewhere by HTTP.
    pub sends_http: bool,
    /// What is wrong if the run does not name a Redis.
    pub no_redis: Option<Diagnostic>,
}

/// What a plan is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// All texts.
    pub sources: &'a Sources,
    /// The tree, with the profile laid over it.
    pub root: &'a Node,
    /// The tree without a profile.
    pub whole: &'a Node,
    /// The part that is taken.
    pub select: &'a SelectOptions,
    /// What `env` holds.
    pub environment: &'a Arc<BTreeMap<String, String>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// Always there, perhaps empty.
    pub head: Head,
    /// There unless the file is broken.
    pub plan: Option<Plan>,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// What looks wrong.
    pub warnings: Vec<Diagnostic>,
    /// Why the part that was asked for is empty.
    pub nothing: Option<String>,
    /// The GraphQL steps, also of what was not taken.
    pub graphql: Vec<SentDocument>,
}

/// Compiles a tree.
pub(crate) fn compile(input: Input<'_>) -> Built {
    let names =
        Names::with_environment(Value::from_pairs(Vec::<(String, Value)>::new()), Arc::clone(input.environment));
    let mut builder = Builder {
        sources: input.sources,
        select: input.select,
        names,
        defaults: Fields(&[]),
        graphql: graphql::Settings::default(),
        asked: Vec::new(),
        found: Vec::new(),
        warned: Vec::new(),
        endpoints: Vec::new(),
        operations: Vec::new(),
        index: HashMap::new(),
        tagged: HashMap::new(),
        clients: vec![ClientOptions::default()],
        feeders: Vec::new(),
        flows: HashMap::new(),
        called: HashSet::new(),
        assigned_by_flows: Vec::new(),
        files: HashMap::new(),
        tags: Vec::new(),
        around: Around::Everybodys,
        inviting: HashSet::new(),
        asked_parts: Vec::new(),
        calls: Vec::new(),
        in_flow: None,
        stage_names: load::stage_names(input.whole),
        needs_host: false,
        sends_http: false,
        redis_used: None,
        no_redis: None,
        measured: Vec::new(),
        private: Vec::new(),
        nothing: None,
    };
    let mut head = Head::default();
    let plan = builder.file(input.root, &mut head);
    (head.needs_host, head.sends_http) = (builder.needs_host, builder.sends_http);
    head.no_redis = builder.no_redis;
    let plan = plan.filter(|_| builder.found.is_empty());
    let (errors, warnings) = (builder.found, builder.warned);
    Built { head, plan, errors, warnings, nothing: builder.nothing, graphql: builder.asked }
}

struct Builder<'a> {
    sources: &'a Sources,
    select: &'a SelectOptions,
    names: Names,
    defaults: Fields<'a>,
    graphql: graphql::Settings<'a>,
    asked: Vec<SentDocument>,
    found: Vec<Diagnostic>,
    warned: Vec<Diagnostic>,
    endpoints: Vec<Endpoint>,
    operations: Vec<operations::Counted>,
    index: HashMap<Endpoint, EndpointId>,
    /// The rows that steps with a tag use.
    tagged: HashMap<String, Vec<EndpointId>>,
    clients: Vec<ClientOptions>,
    feeders: Vec<Feeder>,
    /// Number and place of each flow's key.
    flows: HashMap<String, (FlowId, Range<usize>)>,
    called: HashSet<String>,
    /// Names that any flow gives a value.
    assigned_by_flows: Vec<String>,
    /// Files that were read, so that one that many steps send is there once.
    files: HashMap<String, Bytes>,
    /// Tags of the task and the step at hand.
    tags: Vec<String>,
    /// What becomes of steps without tags.
    around: Around,
    /// The flows in which something is asked for by its own tags.
    inviting: HashSet<String>,
    /// The parts of flows that calls need, where `--tags` leaves parts.
    asked_parts: Vec<(String, Around)>,
    /// The tags around each call.
    calls: Vec<(String, FlowId)>,
    /// The flow at hand.
    in_flow: Option<String>,
    /// The stages of the file and of all its profiles.
    stage_names: Vec<String>,
    needs_host: bool,
    sends_http: bool,
    /// The first Redis step.
    redis_used: Option<Range<usize>>,
    /// What is wrong if the run does not name a Redis.
    no_redis: Option<Diagnostic>,
    /// Where steps measure deliveries.
    measured: Vec<Range<usize>>,
    /// Values that are masked besides `secrets`: passwords in URLs, and that of Redis.
    private: Vec<String>,
    nothing: Option<String>,
}

impl<'a> Builder<'a> {
    fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.found.push(Diagnostic::new(node.at.clone(), message));
    }

    fn report(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.found.push(Diagnostic::new(at, message).note(note));
    }

    fn warn(&mut self, at: Range<usize>, message: impl Into<String>, note: impl Into<String>) {
        self.warned.push(Diagnostic::new(at, message).note(note));
    }

    /// Reports a template's error at its word, where that can be found in the text of the value.
    fn slip(&mut self, node: &Node, slip: TemplateError) {
        let written = self.sources.at(node.at.clone());
        // The same word may stand in the text before the template.
        let from = written.find("{{").unwrap_or(0);
        let found = written[from..].find(&slip.word).map(|i| from + i).or_else(|| written.find(&slip.word));
        let at = match found {
            Some(i) if !slip.word.is_empty() => node.at.start + i..node.at.start + i + slip.word.len(),
            _ => node.at.clone(),
        };
        let mut diagnostic = Diagnostic::new(at, slip.message);
        diagnostic.notes = slip.notes;
        if let Some(flow) = self.in_flow.as_ref().filter(|_| slip.undefined) {
            let note = format!("or the step that calls gives it: {{ call: {flow}, with: {{ {}: … }} }}", slip.word);
            diagnostic.notes.push(note);
        }
        self.found.push(diagnostic);
    }

    fn file(&mut self, root: &'a Node, head: &mut Head) -> Option<Plan> {
        let fields = self.fields(root, &keys::SCENARIO)?;
        self.check_secrets(&fields);
        self.known_passwords();
        self.declare(&fields);
        if let Some(node) = fields.get("defaults") {
            self.defaults = self.fields(node, &keys::DEFAULTS).unwrap_or(Fields(&[]));
            let defaults = self.defaults;
            self.one_authorization(&defaults);
        }
        self.graphql_settings(&fields);
        *head = Head {
            name: fields.get("name").and_then(|n| self.name_text(n)),
            description: fields
                .get("description")
                .and_then(|n| self.plain_text(n, "description"))
                .map(|text| self.sources.mask(&text)),
            host: fields.get("host").and_then(|n| self.host(n)),
            ..Head::default()
        };
        let mut flows = self.flows(&fields);
        let classes = self.all_classes(&fields);
        flows.extend(self.parts(&fields));
        self.tag_called(&flows);
        let (load, schedule) = self.load(&fields, &classes);
        let thresholds = fields.get("thresholds").map(|n| self.thresholds(n, schedule.stages())).unwrap_or_default();
        let search = fields.get("search").and_then(|n| self.search(n));
        let reports = fields.get("report").map(|n| self.reports(n)).unwrap_or_default();
        let baseline = fields.get("baseline").and_then(|n| self.baseline(n));
        let redis = self.redis_target(&fields);
        self.check_profiles(&fields);
        self.templated_keys(root);
        self.lookalikes(root);
        self.unused(&fields);
        let operations = self.counted();
        let secrets = self.sources.secrets().with(self.private.iter().map(String::as_str));
        let idle = self.idle(&fields, &schedule, &classes);
        let classes = self.chosen(classes);
        let mut plan = Plan {
            remarks: idle.remarks,
            refusals: idle.refusals,
            name: secrets.mask(head.name.as_deref().unwrap_or("")).as_ref().into(),
            host: Arc::default(),
            load,
            schedule,
            classes,
            flows,
            endpoints: std::mem::take(&mut self.endpoints),
            operations,
            clients: std::mem::take(&mut self.clients),
            feeders: std::mem::take(&mut self.feeders),
            redis,
            vars: self.names.vars.clone(),
            slots: self.names.slots.clone(),
            thresholds,
            reports,
            baseline,
            search,
            secrets,
        };
        plan.mask_names();
        Some(plan)
    }

    fn host(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "host")?;
        let Text::Fixed(host) = text else {
            self.error(node, "`host` cannot vary during the run");
            return None;
        };
        if &*host == super::plan::host::DEMO_HOST {
            return Some(host.to_string());
        }
        match super::plan::host::base_url(&host) {
            Ok(base) => Some(base),
            Err(message) => {
                self.error(node, message);
                None
            }
        }
    }

    /// The rows of a tag, and of the task around it.
    fn note_row(&mut self, row: EndpointId) {
        for tag in &self.tags {
            let rows = self.tagged.entry(tag.clone()).or_default();
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }

    fn endpoint(&mut self, method: &str, name: &str) -> EndpointId {
        let endpoint = Endpoint { method: method.into(), name: name.into() };
        let id = match self.index.get(&endpoint) {
            Some(id) => *id,
            None => {
                // A file of at most 1 MB cannot hold more steps than u32.
                let id = EndpointId(u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX));
                self.endpoints.push(endpoint.clone());
                self.index.insert(endpoint, id);
                id
            }
        };
        self.note_row(id);
        id
    }

    fn unknown(&mut self, at: Range<usize>, name: &str, allowed: &[&str]) {
        let mut diagnostic = Diagnostic::new(at, format!("unknown field `{name}`"));
        if let Some(near) = nearest(name, allowed.iter().copied()) {
            diagnostic = diagnostic.note(format!("did you mean `{near}`?"));
        }
        self.found.push(diagnostic.note(format!("allowed: {}", allowed.join(", "))));
    }

    /// The classes that were asked for and have tasks left.
    fn chosen(&mut self, classes: Vec<Class>) -> Vec<Class> {
        let select = self.select;
        if let Some(wrong) = select.classes.iter().find(|name| !classes.iter().any(|c| &*c.name == name.as_str())) {
            let names: Vec<&str> = classes.iter().map(|c| &*c.name).collect();
            let rest = match nearest(wrong, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", names.join(", ")),
            };
            self.nothing = Some(format!("no user class is called `{wrong}`: {rest}"));
        }
        let wanted =
            |class: &Class| select.classes.is_empty() || select.classes.iter().any(|name| **name == *class.name);
        let mut chosen: Vec<Class> = classes.into_iter().filter(|c| wanted(c) && !c.tasks.is_empty()).collect();
        let left = !chosen.is_empty();
        chosen.retain(|class| class.tasks.iter().any(|task| task.weight > 0));
        if left && chosen.is_empty() && self.nothing.is_none() {
            self.nothing = Some("the weights of all tasks that are left are 0: nothing would run".to_owned());
        }
        if chosen.is_empty() && self.nothing.is_none() {
            self.nothing = Some(format!(
                "no task is left with --tags {:?} and --exclude-tags {:?}",
                select.tags.join(","),
                select.exclude_tags.join(",")
            ));
        }
        chosen
    }
}
