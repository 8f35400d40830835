//! Warns of names that a step reads though nothing before it gives them a value.

use std::ops::Range;

use super::builder::Builder;
use crate::scenario::grammar::actions::is_expression;
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// Reports what the templates of a step read too early.
    pub(super) fn warn_of_unset(&mut self, step: &Node) {
        for name in self.names.assigned.early() {
            self.warn(
                self.place(step, &name).unwrap_or_else(|| step.at.clone()),
                format!("`{name}` is used before it is set"),
                format!("capture or set it above or in on_start, or write {{{{ {name} | default(\"…\") }}}}"),
            );
        }
    }

    /// Where the step names the variable.
    fn place(&self, node: &Node, name: &str) -> Option<Range<usize>> {
        match &node.kind {
            Kind::Map(entries) => entries.iter().find_map(|(key, value)| {
                let bare = is_expression(&key.name);
                if bare { self.standalone(value, name) } else { self.place(value, name) }
            }),
            Kind::List(items) => items.iter().find_map(|item| self.place(item, name)),
            Kind::Text(text) if text.contains("{{") => self.standalone(node, name),
            _ => None,
        }
    }

    /// The place of the variable as a whole word in the text of a scalar.
    fn standalone(&self, node: &Node, name: &str) -> Option<Range<usize>> {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let written = self.sources.at(node.at.clone());
        let from = written.find("{{").unwrap_or(0);
        let alone = |at: &usize| {
            !written[..*at].ends_with(|c| part(c) || c == '.') && !written[at + name.len()..].starts_with(part)
        };
        let at = written[from..].match_indices(name).map(|(at, _)| from + at).find(alone)? + node.at.start;
        Some(at..at + name.len())
    }
}
