//! Compiles a step: exactly one action, and its modifiers.

mod arguments;
mod graphql;
mod http;
mod payload;
mod prefill;
mod redis;
mod redis_servers;
mod subscription;

use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::compile::unset::Part;
use crate::scenario::grammar::actions::{self, ACTIONS, ANY_STEP, ActionKind};
use crate::scenario::grammar::hints;
use crate::scenario::grammar::kind::ValueKind;
use crate::scenario::grammar::likely::{beside, likely};
use crate::scenario::grammar::table;
use crate::scenario::plan::{Action, Step};
use crate::scenario::syntax::node::{Key, Kind, Node};

impl Builder<'_> {
    pub(in crate::scenario::compile) fn steps(&mut self, node: &Node, key: &str) -> Vec<Step> {
        let Some(items) = self.list(node, key) else { return Vec::new() };
        if items.is_empty() {
            self.error(node, format!("`{key}` is empty"));
        }
        items.iter().filter_map(|n| self.step(n)).collect()
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let Kind::Map(entries) = &node.kind else {
            let narrow = node.scalar().and_then(|text| text.split_once(':'));
            let narrow = narrow.filter(|(word, _)| ACTIONS.iter().any(|action| action.key.name == *word));
            let note = match narrow {
                Some((word, rest)) => format!("write - {word}: {rest}"),
                None => hints::ADDRESS.to_owned(),
            };
            self.report(node.at.clone(), format!("a step: expected a map, found {}", node.what()), note);
            return None;
        };
        let fields = Fields(entries);
        let Some(action) = likely(|name| fields.get(name).is_some()) else {
            self.no_action(node, entries);
            return None;
        };
        let word = action.key.name;
        let argument = fields.get(word)?;
        let others = ACTIONS.iter().filter(|other| other.key.name != word);
        if let Some((other, at)) = others.filter_map(|other| Some((other, fields.key(other.key.name)?))).next() {
            let message = format!("both `{word}` and `{}` are in one step; keep one", other.key.name);
            self.report(at, message, beside(action, other));
            return None;
        }
        self.modifiers(entries, action);
        self.rules(fields, &argument.at, word, action.rules);
        let own_tags = fields.get("tags").map(|n| self.tag_names(n)).unwrap_or_default();
        let excluded = self.tags.excluded(&own_tags);
        let wanted = self.tags.wanted(&own_tags);
        // Nested steps may be selected even if this step is not.
        let contains_steps = action.contains_steps();
        let taken = !excluded && (wanted || contains_steps || (word == "call" && self.calls_selected_flow(argument)));
        let watched = self.names.assigned.watch(taken && self.names.assigned.watching());
        // Inside of a step that is not taken, nothing is.
        let part = if taken { self.part.clone() } else { Part::Never };
        let outer = std::mem::replace(&mut self.part, part);
        let when = fields.get("when").map(|n| self.condition(n, "when"));
        let (around, checkpoint) = (self.tags.current.len(), self.checkpoint());
        self.tags.current.extend(own_tags);
        let built = self.action(action, argument, &fields);
        self.part = outer;
        self.names.assigned.watch(watched);
        self.warn_of_unset(node);
        self.tags.current.truncate(around);
        if !taken || (!wanted && contains_steps && built.as_ref().is_some_and(is_empty)) {
            self.roll_back(checkpoint);
            return None;
        }
        let when = match when {
            Some(condition) => Some(condition?),
            None => None,
        };
        Some(Step { when, action: built? })
    }

    fn no_action(&mut self, node: &Node, entries: &[(Key, Node)]) {
        let actions: Vec<&str> = ACTIONS.iter().map(|a| a.key.name).collect();
        let groups = ACTIONS.iter().flat_map(|a| a.modifiers.iter().copied()).chain([ANY_STEP]);
        let modifiers: Vec<&str> = groups.flat_map(table::names).collect();
        let strange: Vec<&Key> =
            entries.iter().map(|(k, _)| k).filter(|k| !modifiers.contains(&k.name.as_str())).collect();
        for key in &strange {
            let hint = hints::key(ValueKind::Step, &key.name);
            self.diagnostics.unknown(key.at.clone(), &key.name, &actions, hint);
        }
        if strange.is_empty() {
            let at = entries.first().map_or(node.at.clone(), |(k, _)| k.at.clone());
            self.report(at, "a step without an action", format!("use one of {}", actions.join(", ")));
        }
    }

    /// Reports keys that are not allowed with the action.
    fn modifiers(&mut self, entries: &[(Key, Node)], action: &actions::Action) {
        let mut allowed = vec![action.key.name];
        allowed.extend(action.modifiers.iter().copied().chain([ANY_STEP]).flat_map(table::names));
        for (key, _) in entries.iter().filter(|(k, _)| !allowed.contains(&k.name.as_str())) {
            let elsewhere = ACTIONS
                .iter()
                .find(|a| a.modifiers.iter().any(|group| table::names(group).contains(&key.name.as_str())));
            let hint = hints::key_of_action(action.key.name, &key.name);
            let hint = hint.map(str::to_owned).or_else(|| hints::key(ValueKind::Step, &key.name));
            if let Some(other) = elsewhere {
                let message = format!("`{}` is not allowed with `{}`", key.name, action.key.name);
                let allowed =
                    || format!("it is allowed with `{}`; allowed here: {}", other.key.name, allowed.join(", "));
                self.report(key.at.clone(), message, hint.unwrap_or_else(allowed));
            } else {
                self.diagnostics.unknown(key.at.clone(), &key.name, &allowed, hint);
            }
        }
    }

    fn action(&mut self, action: &actions::Action, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        match action.kind {
            ActionKind::Http => self.request(action.key.name, argument, fields).map(|s| Action::Http(Box::new(s))),
            ActionKind::Graphql => self.graphql_step(argument, fields),
            ActionKind::Publish => self.publish(argument, fields).map(|s| Action::Publish(Box::new(s))),
            ActionKind::Subscribe => self.subscribe(argument, fields).map(|s| Action::Subscribe(Box::new(s))),
            ActionKind::Unsubscribe => self.unsubscribe(argument),
            ActionKind::Redis => self.redis_step(argument, fields).map(|s| Action::Redis(Box::new(s))),
            ActionKind::Set => Some(Action::Set(self.assignments(argument, "set"))),
            ActionKind::Wait => self.pause(argument).map(Action::Wait),
            ActionKind::Log => self.text(argument, "log").map(Action::Log),
            ActionKind::Repeat => self.repeat(argument, fields),
            ActionKind::ForEach => self.for_each(argument, fields),
            ActionKind::While => self.while_step(argument, fields),
            ActionKind::If => self.if_step(argument, fields),
            ActionKind::Call => self.call(argument, fields),
            ActionKind::Stop => self.stop(argument),
        }
    }
}

/// True if the action contains no steps, or none is selected.
fn is_empty(action: &Action) -> bool {
    action.children().into_iter().all(<[Step]>::is_empty)
}
