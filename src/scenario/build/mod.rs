//! The tree of a file becomes a [`Plan`]. Every error on the way is collected, so that one run shows them all.

mod fields;
mod step;
mod wait;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minijinja::Value;

use self::fields::Fields;
use super::diagnostic::{Diagnostic, nearest};
use super::node::{Kind, Node};
use super::plan::{
    Class, ClientOptions, Endpoint, EndpointId, Goal, Load, Plan, Reports, Schedule, Stage, Step, Task, Wait,
};
use super::template::{self, Names, Slip, Text};
use crate::units::{self, PerSecond, Users};

const TOP: [&str; 13] = [
    "name",
    "description",
    "host",
    "users",
    "spawn_rate",
    "run_time",
    "stop_timeout",
    "wait_time",
    "vars",
    "on_start",
    "on_stop",
    "tasks",
    "user_classes",
];
const CLASS: [&str; 6] = ["weight", "fixed_count", "wait_time", "on_start", "on_stop", "tasks"];
const TASK: [&str; 4] = ["name", "weight", "tags", "steps"];
/// Largest weight, so that no sum of weights overflows.
const MAX_WEIGHT: u32 = 1_000_000;

/// What was read, besides the plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `host`, with its templates filled.
    pub host: Option<String>,
}

/// Compiles a tree. `base` is the base URL of this run.
pub(crate) fn build(source: &str, root: &Node, base: &str) -> Result<(Head, Plan), Vec<Diagnostic>> {
    let mut builder = Builder {
        source,
        base: base.into(),
        names: Names::new(Value::from_pairs(Vec::<(String, Value)>::new())),
        found: Vec::new(),
        endpoints: Vec::new(),
        index: HashMap::new(),
    };
    let result = builder.file(root);
    match result {
        Some(result) if builder.found.is_empty() => Ok(result),
        _ => Err(builder.found),
    }
}

struct Builder<'a> {
    source: &'a str,
    base: Arc<str>,
    names: Names,
    found: Vec<Diagnostic>,
    endpoints: Vec<Endpoint>,
    index: HashMap<Endpoint, EndpointId>,
}

impl Builder<'_> {
    fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.found.push(Diagnostic::new(node.at.clone(), message));
    }

    /// Reports a template's error at its word, where that can be found in the text of the value.
    fn slip(&mut self, node: &Node, slip: Slip) {
        let written = self.source.get(node.at.clone()).unwrap_or("");
        let at = match written.find(&slip.word) {
            Some(i) if !slip.word.is_empty() => node.at.start + i..node.at.start + i + slip.word.len(),
            _ => node.at.clone(),
        };
        let mut diagnostic = Diagnostic::new(at, slip.message);
        diagnostic.notes = slip.notes;
        self.found.push(diagnostic);
    }

    fn file(&mut self, root: &Node) -> Option<(Head, Plan)> {
        let fields = self.fields(root, "a scenario", &TOP)?;
        if let Some(node) = fields.get("vars") {
            self.vars(node);
        }
        let head = Head {
            name: fields.get("name").and_then(|n| self.plain_text(n, "name")),
            description: fields.get("description").and_then(|n| self.plain_text(n, "description")),
            host: fields.get("host").and_then(|n| self.host(n)),
        };
        let load = self.load(&fields);
        let classes = match fields.get("user_classes") {
            Some(node) => {
                for key in ["wait_time", "on_start", "on_stop", "tasks"] {
                    if let Some(at) = fields.key(key) {
                        let message = format!("`{key}` and `user_classes` at once");
                        self.found.push(
                            Diagnostic::new(at, message).note(format!("move `{key}` into each of the user classes")),
                        );
                    }
                }
                self.classes(node)
            }
            None => {
                if fields.get("tasks").is_none() {
                    let at = 0..self.source.lines().next().map_or(0, str::len);
                    self.found.push(
                        Diagnostic::new(at, "this scenario has nothing to do")
                            .note("give `tasks`, or `user_classes` with tasks"),
                    );
                }
                self.class("User", &fields).into_iter().collect()
            }
        };
        let stage = Stage {
            name: "".into(),
            duration: load.run_time,
            goal: Goal::Users { users: load.users.0, spawn_rate: Some(load.spawn_rate.0) },
            warm_up: false,
        };
        let plan = Plan {
            name: head.name.as_deref().unwrap_or("").into(),
            host: self.base.clone(),
            load,
            schedule: Schedule::new(vec![stage], None, Duration::ZERO),
            classes,
            flows: Vec::new(),
            endpoints: std::mem::take(&mut self.endpoints),
            clients: vec![ClientOptions::default()],
            feeders: Vec::new(),
            redis: None,
            vars: self.names.vars.clone(),
            slots: self.names.slots.clone(),
            thresholds: Vec::new(),
            reports: Reports::default(),
            baseline: None,
            search: None,
            secrets: Arc::default(),
        };
        Some((head, plan))
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

    fn load(&mut self, fields: &Fields<'_>) -> Load {
        let mut number = |key: &str| {
            let node = fields.get(key)?;
            Some((self.scalar(node, key)?, node))
        };
        let (users, spawn_rate) = (number("users"), number("spawn_rate"));
        let users =
            users.and_then(|(text, node)| units::parse_users(&text).map_err(|e| self.error(node, e.to_string())).ok());
        let spawn_rate = spawn_rate
            .and_then(|(text, node)| units::parse_spawn_rate(&text).map_err(|e| self.error(node, e.to_string())).ok());
        Load {
            users: users.unwrap_or(Users(1)),
            spawn_rate: spawn_rate.unwrap_or(PerSecond(1.0)),
            run_time: fields.get("run_time").and_then(|n| self.duration(n, "run_time")),
            stop_timeout: fields
                .get("stop_timeout")
                .and_then(|n| self.duration(n, "stop_timeout"))
                .unwrap_or(Duration::from_secs(10)),
        }
    }

    fn vars(&mut self, node: &Node) {
        let Some(entries) = self.map(node, "vars") else { return };
        let mut vars: Vec<(String, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if ["vars", "env", "user", "iteration"].contains(&key.name.as_str()) {
                self.found.push(Diagnostic::new(key.at.clone(), format!("a variable cannot be called `{}`", key.name)));
                continue;
            }
            // An undefined value would make every use of the name a second error.
            let value = self.constant(value).unwrap_or_else(|| Value::from(()));
            vars.push((key.name.clone(), value));
            self.names.vars = Arc::new(Value::from_pairs(vars.clone()));
        }
    }

    fn constant(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            Kind::Null => Some(Value::from(())),
            Kind::Bool(b) => Some(Value::from(*b)),
            Kind::Number(n, text) => Some(match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(n), ..) => Value::from(n),
                (_, Some(n), _) => Value::from(n),
                (.., Some(n)) => Value::from(n),
                _ => Value::from(text.as_str()),
            }),
            Kind::Text(text) => match template::constant(text, &self.names) {
                Ok(value) => Some(value),
                Err(slip) => {
                    self.slip(node, slip);
                    None
                }
            },
            Kind::List(items) => items.iter().map(|i| self.constant(i)).collect::<Option<Vec<_>>>().map(Value::from),
            Kind::Map(entries) => {
                let pairs: Option<Vec<_>> =
                    entries.iter().map(|(k, v)| Some((k.name.clone(), self.constant(v)?))).collect();
                pairs.map(Value::from_pairs)
            }
        }
    }

    fn classes(&mut self, node: &Node) -> Vec<Class> {
        let Some(entries) = self.map(node, "user_classes") else { return Vec::new() };
        if entries.is_empty() {
            self.error(node, "`user_classes` is empty");
        }
        let mut classes = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if let Some(fields) = self.fields(value, "a user class", &CLASS) {
                if fields.get("tasks").is_none() {
                    let message = format!("user class `{}` has no tasks", key.name);
                    self.found.push(Diagnostic::new(key.at.clone(), message));
                }
                classes.extend(self.class(&key.name, &fields));
            }
        }
        if !classes.is_empty() && classes.iter().all(|c| c.weight == 0 && c.fixed_count.is_none()) {
            self.error(node, "the weights of all user classes are 0: nobody would run");
        }
        classes
    }

    fn class(&mut self, name: &str, fields: &Fields<'_>) -> Option<Class> {
        let weight = fields.get("weight").and_then(|n| self.whole(n, "weight", MAX_WEIGHT)).unwrap_or(1);
        let fixed_count = fields.get("fixed_count").and_then(|n| self.whole(n, "fixed_count", units::MAX_USERS));
        let wait = fields.get("wait_time").and_then(|n| self.wait(n)).unwrap_or(Wait::Constant(Duration::ZERO));
        let on_start = fields.get("on_start").map(|n| self.steps(n, "on_start")).unwrap_or_default();
        let tasks = fields.get("tasks").map(|n| self.tasks(n));
        let on_stop = fields.get("on_stop").map(|n| self.steps(n, "on_stop")).unwrap_or_default();
        let name = name.into();
        Some(Class { name, weight, fixed_count, wait, on_start, on_stop, tasks: tasks?, ..Class::default() })
    }

    fn tasks(&mut self, node: &Node) -> Vec<Task> {
        let Some(items) = self.list(node, "tasks") else { return Vec::new() };
        if items.is_empty() {
            self.error(node, "`tasks` is empty");
        }
        let tasks: Vec<Task> = items.iter().enumerate().filter_map(|(i, n)| self.task(i, n)).collect();
        if !tasks.is_empty() && tasks.len() == items.len() && tasks.iter().all(|t| t.weight == 0) {
            self.error(node, "the weights of all tasks are 0: nothing would run");
        }
        tasks
    }

    fn task(&mut self, index: usize, node: &Node) -> Option<Task> {
        let fields = self.fields(node, "a task", &TASK)?;
        let name = fields.get("name").and_then(|n| self.plain_text(n, "name"));
        let weight = fields.get("weight").and_then(|n| self.whole(n, "weight", MAX_WEIGHT)).unwrap_or(1);
        let tags = match fields.get("tags") {
            Some(Node { kind: Kind::List(items), .. }) => items.iter().filter_map(|n| self.scalar(n, "tags")).collect(),
            Some(one) => self.scalar(one, "tags").into_iter().collect(),
            None => Vec::new(),
        };
        let Some(steps) = fields.get("steps") else {
            self.error(node, "this task has no `steps`");
            return None;
        };
        let steps = self.steps(steps, "steps");
        let name = name.unwrap_or_else(|| format!("task {}", index + 1)).into();
        Some(Task { name, weight, tags, steps })
    }

    fn steps(&mut self, node: &Node, key: &str) -> Vec<Step> {
        let Some(items) = self.list(node, key) else { return Vec::new() };
        if items.is_empty() {
            self.error(node, format!("`{key}` is empty"));
        }
        items.iter().filter_map(|n| self.step(n)).collect()
    }

    fn unknown(&mut self, at: std::ops::Range<usize>, name: &str, allowed: &[&str]) {
        let mut diagnostic = Diagnostic::new(at, format!("unknown field `{name}`"));
        if let Some(near) = nearest(name, allowed.iter().copied()) {
            diagnostic = diagnostic.note(format!("did you mean `{near}`?"));
        }
        self.found.push(diagnostic.note(format!("allowed: {}", allowed.join(", "))));
    }
}
