//! Warns of names that are used before they are set.

use std::ops::Range;

use super::builder::Builder;
use crate::scenario::grammar::actions::{is_action, is_expression};
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// Warns of names that the templates of a step use before they are set.
    pub(super) fn warn_of_unset(&mut self, step: &Node) {
        for name in self.names.assigned.early() {
            let message = format!("`{name}` is used before it is set");
            let default = format!("{{{{ {name} | default(\"…\") }}}}");
            let Some(at) = self.place(step, &name) else {
                self.warn_of_default(step, &name, message, &default);
                continue;
            };
            self.warn(at, message, format!("capture or set it above or in on_start, or write {default}"));
        }
    }

    /// The name is not used in the step, but in `defaults`: the step that sets the name, such as a login, can do
    /// without that default.
    fn warn_of_default(&mut self, step: &Node, name: &str, message: String, default: &str) {
        let entries = self.settings.defaults.0.iter();
        let found = entries.filter_map(|(key, value)| Some((&key.name, value, self.place(value, name)?))).next();
        let Some((key, value, used)) = found else {
            let note = format!("capture or set it above or in on_start, or write {default}");
            return self.warn(step.at.clone(), message, note);
        };
        let mut headers = value.entries().iter().filter(|(_, value)| self.place(value, name).is_some());
        let (what, without) = match key.as_str() {
            "auth" => ("defaults.auth".to_owned(), Some("auth: none".to_owned())),
            "headers" => match headers.next() {
                Some((header, _)) => {
                    (format!("defaults.headers.{}", header.name), Some(format!("headers: {{ {}: null }}", header.name)))
                }
                None => ("defaults.headers".to_owned(), None),
            },
            other => (format!("defaults.{other}"), None),
        };
        let line = self.file_and_line(used.start);
        let note = match without {
            Some(without) => format!("if this step needs none, such as a login, write {without} in it"),
            None => format!("capture or set it in a step above, or write {default} there"),
        };
        self.warn(self.step_action(step), format!("{message}: by `{what}` ({line})"), note);
    }

    /// Position of the action of a step.
    fn step_action(&self, step: &Node) -> Range<usize> {
        let action = step.entries().iter().find(|(key, _)| is_action(&key.name));
        action.map_or_else(|| step.at.clone(), |(key, value)| key.at.start..value.at.end)
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
