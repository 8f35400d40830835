//! Compiles the tree of a file to a [`Plan`]. All errors are collected, so that they are reported at once.

mod body;
mod builder;
mod capture;
mod class;
mod client;
mod control;
mod csv_text;
#[cfg(test)]
mod defaults;
mod definite_assignment;
mod demanded;
mod diagnostics;
mod expect;
mod feeder;
mod fields;
mod flow_table;
mod flows;
mod graphql_settings;
mod ineffective;
mod input;
mod interner;
mod load;
mod lookalike;
mod matcher;
mod measured;
mod names;
mod null;
mod operations;
mod pem;
mod read;
mod report;
mod rules;
mod secrets;
mod size;
mod step;
mod tag_filter;
mod threshold;
mod threshold_text;
mod unsatisfiable;
mod unset;
mod value;
mod wait;

use std::sync::Arc;

use self::builder::Builder;
use self::fields::Fields;
pub(crate) use self::input::Input;
pub(crate) use self::report::MAX_PROFILES;
use super::eval::template::Text;
use super::grammar::keys;
use super::graphql::endpoint::SentDocument;
use super::plan::host::{DEMO_HOST, base_url};
use super::plan::{Class, Plan};
use super::syntax::diagnostic::{Diagnostic, nearest};
use super::syntax::node::Node;

/// Properties of the file besides the plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `host`, rendered.
    pub host: Option<String>,
    /// Some request uses the host.
    pub needs_host: bool,
    /// Some request is sent over HTTP.
    pub sends_http: bool,
    /// Error to report if the run does not specify a Redis server.
    pub no_redis: Option<Diagnostic>,
}

/// Result of a compilation.
#[derive(Debug)]
pub(crate) struct Built {
    /// Always available, perhaps empty.
    pub head: Head,
    /// `None` if the file is invalid.
    pub plan: Option<Plan>,
    /// Errors.
    pub errors: Vec<Diagnostic>,
    /// Errors that depend on the selection: variables of the environment that it needs and that are not set.
    pub unset: Vec<Diagnostic>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Why the selected part is empty.
    pub nothing: Option<String>,
    /// All GraphQL steps, including those that are not selected.
    pub graphql: Vec<SentDocument>,
}

#[cfg(test)]
thread_local! {
    /// Number of compilations on this thread.
    pub(crate) static COMPILED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Compiles a tree.
pub(crate) fn compile(input: Input<'_>) -> Built {
    #[cfg(test)]
    COMPILED.set(COMPILED.get() + 1);
    let mut builder = Builder::new(input);
    let mut head = Head::default();
    let plan = builder.file(input.root, &mut head);
    let Builder { diagnostics, uses, nothing, demanded, .. } = builder;
    (head.needs_host, head.sends_http, head.no_redis) = (uses.needs_host, uses.sends_http, uses.no_redis);
    let plan = plan.filter(|_| diagnostics.errors.is_empty() && demanded.is_empty());
    let (errors, warnings) = (diagnostics.errors, diagnostics.warnings);
    Built { head, plan, errors, unset: demanded, warnings, nothing, graphql: uses.documents }
}

impl<'a> Builder<'a> {
    fn file(&mut self, root: &'a Node, head: &mut Head) -> Option<Plan> {
        let fields = self.fields(root, &keys::SCENARIO)?;
        self.check_secrets(&fields);
        self.known_passwords();
        self.declare(&fields);
        if let Some(node) = fields.get("defaults") {
            self.settings.defaults = self.fields(node, &keys::DEFAULTS).unwrap_or(Fields(&[]));
            let defaults = self.settings.defaults;
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
        let prefill = self.prefills(&fields);
        self.check_profiles(&fields);
        self.templated_keys(root);
        self.lookalikes(root);
        self.unused(&fields);
        let operations = self.counted();
        let secrets = self.sources.secrets().with(self.uses.passwords.iter().map(String::as_str));
        let ineffective = self.ineffective(&fields, &schedule, &classes);
        let classes = self.chosen(classes);
        self.demanded = self.demanded(&classes, &flows);
        let mut plan = Plan {
            remarks: ineffective.remarks,
            refusals: ineffective.refusals,
            name: secrets.mask(head.name.as_deref().unwrap_or("")).as_ref().into(),
            host: Arc::default(),
            load,
            schedule,
            classes,
            flows,
            endpoints: std::mem::take(&mut self.interner.endpoints),
            operations,
            clients: std::mem::take(&mut self.interner.clients),
            feeders: std::mem::take(&mut self.feeders),
            redis,
            prefill,
            vars: self.names.vars.clone(),
            slots: self.names.slots.clone(),
            thresholds,
            reports,
            baseline,
            search,
            vu_budget: None,
            traces: None,
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
        if &*host == DEMO_HOST {
            return Some(host.to_string());
        }
        match base_url(&host) {
            Ok(base) => Some(base),
            Err(message) => {
                self.error(node, message);
                None
            }
        }
    }

    /// Selected classes that have tasks left.
    fn chosen(&mut self, classes: Vec<Class>) -> Vec<Class> {
        let select = self.tags.select;
        if let Some(wrong) = select.classes.iter().find(|name| !classes.iter().any(|c| &*c.name == name.as_str())) {
            let names: Vec<&str> = classes.iter().map(|c| &*c.name).collect();
            let rest = match nearest(wrong, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", names.join(", ")),
            };
            self.nothing = Some(format!("unknown user class `{wrong}`: {rest}"));
        }
        let wanted =
            |class: &Class| select.classes.is_empty() || select.classes.iter().any(|name| **name == *class.name);
        let mut chosen: Vec<Class> = classes.into_iter().filter(|c| wanted(c) && !c.tasks.is_empty()).collect();
        let left = !chosen.is_empty();
        chosen.retain(|class| class.tasks.iter().any(|task| task.weight > 0));
        if left && chosen.is_empty() && self.nothing.is_none() {
            self.nothing = Some("the weights of all selected tasks are 0: nothing would run".to_owned());
        }
        if chosen.is_empty() && self.nothing.is_none() {
            self.nothing = Some(format!(
                "no task is selected with --tags {:?} and --exclude-tags {:?}",
                select.tags.join(","),
                select.exclude_tags.join(",")
            ));
        }
        chosen
    }
}
