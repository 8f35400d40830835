//! Control flow steps: loops, conditions, calls, stops.

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::eval::template::SlotId;
use crate::scenario::grammar::actions;
use crate::scenario::plan::{Action, LoopCount, MAX_ITERATIONS, Step, StopScope};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::Node;

impl Builder<'_> {
    fn inner(&mut self, fields: &Fields<'_>) -> Option<Vec<Step>> {
        fields.get("steps").map(|node| self.steps(node, "steps"))
    }

    fn name_of(&mut self, fields: &Fields<'_>) -> Option<SlotId> {
        let name = self.plain_text(fields.get("as")?, "as")?;
        self.names.assigned.assign(&name);
        self.names.slots.id(&name)
    }

    pub(super) fn repeat(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let text = self.scalar(argument, "repeat")?;
        let count = if text.contains("{{") {
            self.template(argument).map(LoopCount::Computed)
        } else {
            self.whole(argument, "repeat", MAX_ITERATIONS).map(LoopCount::Fixed)
        };
        if matches!(count, Some(LoopCount::Fixed(0))) {
            self.warn(argument.at.clone(), "repeat: 0 never runs its steps", "give a number above 0");
        }
        let index = self.name_of(fields);
        let steps = self.inner(fields);
        Some(Action::Repeat { count: count?, index, steps: steps? })
    }

    pub(super) fn for_each(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let list = self.template(argument);
        let text = argument.scalar().unwrap_or("[");
        if !text.contains("{{") && argument.scalar().is_some() {
            self.report(
                argument.at.clone(),
                format!("`for_each`: expected a list, found {}", argument.what()),
                "write a list, or a template: \"{{ name }}\"",
            );
        }
        let item = self.name_of(fields);
        let steps = self.inner(fields);
        Some(Action::ForEach { list: list?, item: item?, steps: steps? })
    }

    pub(super) fn while_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let condition = self.condition(argument, "while");
        let read = |b: &mut Self, n: &Node, key: &str| b.whole(n, key, MAX_ITERATIONS);
        let limit = self.or_default(fields.get("limit"), actions::WHILE, "limit", read);
        let steps = self.inner(fields);
        Some(Action::While { condition: condition?, limit: limit?, steps: steps? })
    }

    pub(super) fn if_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let condition = self.condition(argument, "if");
        let then = fields.get("then").map(|n| self.steps(n, "then")).unwrap_or_default();
        let otherwise = fields.get("else").map(|n| self.steps(n, "else")).unwrap_or_default();
        Some(Action::If { condition: condition?, then, otherwise })
    }

    pub(super) fn call(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let name = self.plain_text(argument, "call")?;
        let with = fields.get("with").map(|n| self.assignments(n, "with")).unwrap_or_default();
        let Some((flow, _)) = self.flow_table.ids.get(&name) else {
            let mut known: Vec<&str> = self.flow_table.ids.keys().map(String::as_str).collect();
            known.sort_unstable();
            let note = match nearest(&name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "the scenario has no `flows`".to_owned(),
                None => format!("known flows: {}", known.join(", ")),
            };
            self.report(argument.at.clone(), format!("unknown flow `{name}`"), note);
            return None;
        };
        let flow = *flow;
        let flow = self.part(&name, flow);
        self.flow_table.called.insert(name);
        // Flows are compiled once, in any order: after a call, any name assigned by a flow may be set.
        for name in &self.flow_table.assigned {
            self.names.assigned.assign(name);
        }
        Some(Action::Call { flow, with })
    }

    pub(super) fn stop(&mut self, argument: &Node) -> Option<Action> {
        let words = [("task", StopScope::Task), ("user", StopScope::User), ("run", StopScope::Run)];
        self.word(argument, "stop", &words).map(Action::Stop)
    }
}
