//! User classes and their tasks.

use super::builder::Builder;
use super::fields::Fields;
use super::tag_filter::TagContext;
use super::unset::Part;
use super::{flow_table, interner};
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Class, Start, Task};
use crate::scenario::syntax::node::Node;
use crate::units;

/// Maximum weight; prevents overflow of sums.
const MAX_WEIGHT: u32 = 1_000_000;

/// State that steps add to, for rolling back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    interner: interner::Checkpoint,
    flows: flow_table::Checkpoint,
}

/// Name of a task without a name.
fn default_name(index: usize) -> String {
    format!("task {}", index + 1)
}

impl<'a> Builder<'a> {
    pub(super) fn all_classes(&mut self, fields: &Fields<'a>) -> Vec<Class> {
        let Some(node) = fields.get("user_classes") else {
            return self.class("User", fields, true).into_iter().collect();
        };
        self.classes(node)
    }

    fn classes(&mut self, node: &'a Node) -> Vec<Class> {
        let Some(entries) = self.map(node, "user_classes") else { return Vec::new() };
        if entries.is_empty() {
            self.error(node, "`user_classes` is empty");
        }
        let mut classes = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(fields) = self.fields(value, &keys::CLASS) else { continue };
            let wanted = &self.tags.select.classes;
            let part = if wanted.is_empty() || wanted.contains(&key.name) { Part::Always } else { Part::Never };
            let class = self.within(part, |b| b.class(&key.name, &fields, false));
            if class.as_ref().is_some_and(|c| c.weight == 0 && c.fixed_count.is_none()) {
                let message = format!("user class `{}` has weight 0: this class never runs", key.name);
                self.warn(key.at.clone(), message, "give a weight above 0, or a fixed_count");
            }
            classes.extend(class);
        }
        if !classes.is_empty() && classes.iter().all(|c| c.weight == 0 && c.fixed_count.is_none()) {
            self.error(node, "the weights of all user classes are 0: no user would run");
        }
        classes
    }

    fn class(&mut self, name: &str, fields: &Fields<'a>, flat: bool) -> Option<Class> {
        let keys = keys::CLASS.keys;
        let weight = self.or_default(fields.get("weight"), keys, "weight", |b, n, key| b.whole(n, key, MAX_WEIGHT))?;
        // In a file without classes, `users` is the peak of the run.
        let counts = ["fixed_count", "users"].into_iter().filter(|_| !flat);
        let count = counts.filter_map(|key| Some((key, fields.get(key)?))).next();
        let fixed_count = count.and_then(|(key, node)| self.whole(node, key, units::MAX_USERS));
        let starts = [("with_others", Start::WithOthers), ("before_others", Start::BeforeOthers)];
        let start = self.or_default(fields.get("start"), keys, "start", |b, n, key| b.word(n, key, &starts))?;
        let wait = self.or_default(fields.get("wait_time"), keys, "wait_time", |b, n, _| b.wait(n))?;
        let sequential = self.or_default(fields.get("sequential"), keys, "sequential", Self::truth)?;
        self.names.assigned.watch(true);
        let steps = |b: &mut Self, key| {
            let list = fields.get(key);
            list.map(|n| b.within(Part::Class(name.to_owned()), |b| b.steps(n, key))).unwrap_or_default()
        };
        let on_start = steps(self, "on_start");
        let tasks = fields.get("tasks").map(|n| self.tasks(n, sequential));
        // A user can stop after any of its tasks.
        self.names.assigned.watch(false);
        self.names.assigned.rewind(0);
        let on_stop = steps(self, "on_stop");
        let name = name.into();
        Some(Class { name, weight, fixed_count, start, wait, sequential, on_start, on_stop, tasks: tasks? })
    }

    fn tasks(&mut self, node: &Node, sequential: bool) -> Vec<Task> {
        let Some(items) = self.list(node, "tasks") else { return Vec::new() };
        if items.is_empty() {
            self.error(node, "`tasks` is empty");
        }
        let before = self.diagnostics.errors.len();
        let (mut tasks, mut weights): (Vec<Task>, u64) = (Vec::new(), 0);
        let mut seen: Vec<String> = Vec::new();
        let unnamed = items.iter().enumerate().filter(|(_, item)| Fields(item.entries()).get("name").is_none());
        let unnamed: Vec<String> = unnamed.map(|(index, _)| default_name(index)).collect();
        for (index, item) in items.iter().enumerate() {
            let checkpoint = self.checkpoint();
            let given = self.names.assigned.mark();
            let Some(task) = self.task(index, item) else { continue };
            if !sequential || task.weight == 0 {
                self.names.assigned.rewind(given);
            }
            weights += u64::from(task.weight);
            if let Some(node) = Fields(item.entries()).get("name") {
                if seen.iter().any(|name| **name == *task.name) {
                    let message = format!("task `{}` is defined twice", task.name);
                    self.report(node.at.clone(), message, "use unique names");
                }
                if unnamed.iter().any(|name| **name == *task.name) {
                    let message = format!("`{}` is the default name of another task", task.name);
                    self.report(node.at.clone(), message, "rename one of them");
                }
                seen.push(task.name.to_string());
            }
            if !self.tags.excluded(&task.tags) && !task.steps.is_empty() {
                tasks.push(task);
            } else {
                self.roll_back(checkpoint);
            }
        }
        if weights == 0 && !items.is_empty() && self.diagnostics.errors.len() == before {
            self.error(node, "the weights of all tasks are 0: nothing would run");
        }
        tasks
    }

    fn task(&mut self, index: usize, node: &Node) -> Option<Task> {
        let fields = self.fields(node, &keys::TASK)?;
        let name = fields.get("name").and_then(|n| self.name_text(n));
        let read = |b: &mut Self, n: &Node, key: &str| b.whole(n, key, MAX_WEIGHT);
        let weight = self.or_default(fields.get("weight"), keys::TASK.keys, "weight", read)?;
        let tags = fields.get("tags").map(|n| self.tag_names(n)).unwrap_or_default();
        let steps = fields.get("steps")?;
        self.tags.current.clone_from(&tags);
        let watched = self.names.assigned.watch(!self.tags.excluded(&tags));
        self.tags.context = TagContext::NotSelected;
        let part = if self.tags.excluded(&tags) { Part::Never } else { Part::Always };
        let steps = self.within(part, |b| b.steps(steps, "steps"));
        self.tags.context = TagContext::Shared;
        self.names.assigned.watch(watched);
        self.tags.current.clear();
        let name = name.unwrap_or_else(|| default_name(index)).into();
        Some(Task { name, weight, tags, steps })
    }

    /// Current state, for [`Self::roll_back`].
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { interner: self.interner.checkpoint(), flows: self.flow_table.checkpoint() }
    }

    /// Removes everything that was added after the checkpoint, by steps that are not selected.
    pub(super) fn roll_back(&mut self, checkpoint: Checkpoint) {
        self.interner.roll_back(checkpoint.interner);
        self.flow_table.roll_back(checkpoint.flows);
    }
}
