//! Warns of names that are used before they are set.

use std::ops::Range;

use super::builder::Builder;
use crate::scenario::grammar::actions::is_expression;
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// Warns of names that the templates of a step use before they are set.
    pub(super) fn warn_of_unset(&mut self, step: &Node) {
        for name in self.names.assigned.early() {
            self.warn(
                self.place(step, &name).unwrap_or_else(|| step.at.clone()),
                format!("`{name}` is used before it is set"),
                format!("capture or set it above or in on_start, or write {{{{ {name} | default(\"…\") }}}}"),
            );
        }
    }

    /// Position of the variable in the step.
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

    /// Position of the variable as a whole word in a scalar.
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
