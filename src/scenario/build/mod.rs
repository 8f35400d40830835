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
mod graphql;
mod http;
mod load;
mod matcher;
mod names;
mod operations;
mod pem;
mod redis;
mod report;
mod step;
mod threshold;
mod value;
mod wait;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use minijinja::Value;

use self::fields::Fields;
pub(crate) use self::report::MAX_PROFILES;
use super::SelectOptions;
use super::diagnostic::{Diagnostic, nearest};
use super::graphql_check::Asked;
use super::keys;
use super::node::Node;
use super::plan::{Class, ClientOptions, Endpoint, EndpointId, Feeder, Flow, FlowId, Plan};
use super::secrets::Redactor;
use super::source::Sources;
use super::template::{Names, Slip, Text};

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
    /// The base URL of this run.
    pub base: &'a str,
    /// The Redis of this run.
    pub redis: Redis<'a>,
    /// The part that is taken.
    pub select: &'a SelectOptions,
    /// What `env` holds.
    pub environment: &'a Arc<BTreeMap<String, String>>,
}

/// What is known of the Redis of a run besides the file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Redis<'a> {
    /// Nothing yet: flags may still name one, so none is missed.
    Unknown,
    /// The one that takes the place of the file's, if there is one.
    Run(Option<&'a str>),
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
    pub graphql: Vec<Asked>,
}

/// Compiles a tree.
pub(crate) fn build(input: Input<'_>) -> Built {
    let names =
        Names::with_environment(Value::from_pairs(Vec::<(String, Value)>::new()), Arc::clone(input.environment));
    let mut builder = Builder {
        sources: input.sources,
        select: input.select,
        base: input.base.into(),
        redis: match input.redis {
            Redis::Run(url) => url.map(Arc::from),
            Redis::Unknown => None,
        },
        needs_redis: matches!(input.redis, Redis::Run(_)),
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
        in_task: false,
        stage_names: load::stage_names(input.whole),
        needs_host: false,
        redis_used: None,
        measured: Vec::new(),
        private: Vec::new(),
        nothing: None,
    };
    let mut head = Head::default();
    let plan = builder.file(input.root, &mut head);
    head.needs_host = builder.needs_host;
    let plan = plan.filter(|_| builder.found.is_empty());
    let (errors, warnings) = (builder.found, builder.warned);
    Built { head, plan, errors, warnings, nothing: builder.nothing, graphql: builder.asked }
}

struct Builder<'a> {
    sources: &'a Sources,
    select: &'a SelectOptions,
    base: Arc<str>,
    redis: Option<Arc<str>>,
    /// One that is not known is an error.
    needs_redis: bool,
    names: Names,
    defaults: Fields<'a>,
    graphql: graphql::Settings,
    asked: Vec<Asked>,
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
    in_task: bool,
    /// The stages of the file and of all its profiles.
    stage_names: Vec<String>,
    needs_host: bool,
    /// The first Redis step.
    redis_used: Option<Range<usize>>,
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
    fn slip(&mut self, node: &Node, slip: Slip) {
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
        self.found.push(diagnostic);
    }

    fn file(&mut self, root: &'a Node, head: &mut Head) -> Option<Plan> {
        let fields = self.fields(root, "a scenario", keys::TOP)?;
        let mut secrets = self.secrets(&fields);
        self.known_passwords();
        self.declare(&fields);
        if let Some(node) = fields.get("defaults") {
            self.defaults = self.fields(node, "defaults", keys::CONNECTION).unwrap_or(Fields(&[]));
        }
        self.graphql_settings(&fields);
        *head = Head {
            name: fields.get("name").and_then(|n| self.plain_text(n, "name")),
            description: fields.get("description").and_then(|n| self.plain_text(n, "description")),
            host: fields.get("host").and_then(|n| self.host(n)),
            needs_host: false,
        };
        let flows = self.flows(&fields);
        let classes = self.all_classes(&fields);
        let (load, schedule) = self.load(&fields, &classes);
        let thresholds = fields.get("thresholds").map(|n| self.thresholds(n, schedule.stages())).unwrap_or_default();
        let search = fields.get("search").and_then(|n| self.search(n));
        let reports = fields.get("report").map(|n| self.reports(n)).unwrap_or_default();
        let baseline = fields.get("baseline").and_then(|n| self.baseline(n));
        let redis = self.redis_target(&fields);
        self.check_profiles(&fields);
        self.templated_keys(root);
        self.unused(&fields, &flows);
        let operations = self.counted();
        secrets.append(&mut self.private);
        Some(Plan {
            name: head.name.as_deref().unwrap_or("").into(),
            host: self.base.clone(),
            load,
            schedule,
            classes: self.chosen(classes),
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
            secrets: Arc::new(Redactor::new(secrets.iter().map(String::as_str))),
        })
    }

    fn host(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "host")?;
        let Text::Fixed(host) = text else {
            self.error(node, "`host` cannot vary during the run");
            return None;
        };
        if &*host == super::DEMO_HOST {
            return Some(host.to_string());
        }
        match super::base_url(&host) {
            Ok(base) => Some(base),
            Err(message) => {
                self.error(node, message);
                None
            }
        }
    }

    /// Passwords that nobody has to name: of the host, and of Redis in the environment.
    fn known_passwords(&mut self) {
        let base = Arc::clone(&self.base);
        self.password_of(&base);
        let environment = Arc::clone(&self.names.environment);
        if let Some(url) = environment.get("REDIS_URL") {
            self.password_of(url);
        }
        self.private.extend(environment.get("REDIS_PASSWORD").cloned());
    }

    /// Notes the password in a URL, so that it is masked wherever it comes up; also as it is written there.
    fn password_of(&mut self, url: &str) {
        let Some(url) = url::Url::parse(url.trim()).ok() else { return };
        let Some(written) = url.password() else { return };
        self.private.push(percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned());
        self.private.push(written.to_owned());
    }

    fn secrets(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let mut values = Vec::new();
        for node in fields.get("secrets").map(|n| n.one_or_more()).unwrap_or_default() {
            let Some(name) = self.plain_text(node, "secrets") else { continue };
            match self.names.environment.get(&name).cloned() {
                Some(value) => {
                    if !Redactor::takes(&value) {
                        let message = format!("the value of {name} is too short to be masked");
                        self.warn(node.at.clone(), message, "a secret has at least four characters");
                    }
                    values.push(value);
                }
                None => {
                    let message = format!("the environment variable {name} is not set");
                    self.report(node.at.clone(), message, format!("set it, or write {name}=… into .env"));
                }
            }
        }
        values
    }

    /// Flows are numbered first, so that a flow can call one that stands below it.
    fn flows(&mut self, fields: &Fields<'_>) -> Vec<Flow> {
        let Some(entries) = fields.get("flows").and_then(|n| self.map(n, "flows")) else { return Vec::new() };
        for (index, (key, _)) in entries.iter().enumerate() {
            // A file of at most 1 MB cannot hold more flows than u32.
            let id = FlowId(u32::try_from(index).unwrap_or(u32::MAX));
            self.flows.insert(key.name.clone(), (id, key.at.clone()));
        }
        let mut flows = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let steps = self.steps(node, &key.name);
            flows.push(Flow { name: key.name.as_str().into(), steps });
        }
        self.cycles(&flows);
        flows
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
        let chosen: Vec<Class> = classes.into_iter().filter(|c| wanted(c) && !c.tasks.is_empty()).collect();
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
