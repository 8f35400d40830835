//! Reads single values; errors say what was expected and what was found.

use std::time::Duration;

use minijinja::value::ValueKind;

use super::builder::Builder;
use super::fields::{Fields, quoted};
use crate::scenario::eval::template;
use crate::scenario::eval::template::{Template, Text};
use crate::scenario::grammar::hints;
use crate::scenario::grammar::table::{self, DefaultValue, Table};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::{Key, Kind, Node};
use crate::units;

/// Maximum number of values that a template can give for one name.
const MOST_REPEATED: usize = 1_000;

impl Builder<'_> {
    /// The entries of a map, after checking its keys.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, table: &Table) -> Option<Fields<'n>> {
        let entries = self.map(node, table.what)?;
        let allowed = table::names(table.keys);
        for (key, _) in entries {
            if !allowed.contains(&key.name.as_str()) {
                self.diagnostics.unknown(key.at.clone(), &key.name, &allowed, hints::key(table.kind, &key.name));
            }
        }
        let fields = Fields(entries);
        self.rules(fields, &node.at, table.what, table.rules);
        Some(fields)
    }

    /// Value of the key `name`, read from `given` or else from its default. If the value is invalid, `read` reports it
    /// and the default is used. `None` only if there is no default.
    pub(super) fn or_default<T>(
        &mut self,
        given: Option<&Node>,
        keys: &[table::Key],
        name: &str,
        read: impl Fn(&mut Self, &Node, &str) -> Option<T>,
    ) -> Option<T> {
        let value = given.and_then(|node| read(self, node, name));
        value.or_else(|| {
            let kind = match table::default_of(keys, name)? {
                DefaultValue::Text(text) => Kind::Text(text.to_owned()),
                DefaultValue::Whole(number) => Kind::Text(number.to_string()),
                DefaultValue::Bool(value) => Kind::Bool(value),
            };
            read(self, &Node { at: 0..0, kind }, name)
        })
    }

    pub(super) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        self.error(node, format!("{}: expected {wanted}, found {}", quoted(what), node.what()));
        if let Some(note) = hints::shape(what, node.scalar(), matches!(node.kind, Kind::List(_))) {
            self.diagnostics.advise(note);
        }
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        if let Kind::Map(entries) = &node.kind {
            return Some(entries);
        }
        self.wrong(node, what, "a map");
        None
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        if let Kind::List(items) = &node.kind {
            return Some(items);
        }
        self.wrong(node, what, "a list");
        None
    }

    pub(super) fn scalar(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.scalar().map(str::to_owned);
        if text.is_none() {
            self.wrong(node, what, "a single value");
            self.hint_braces(node);
        }
        text
    }

    /// YAML parses an unquoted `{{ x }}` as a map.
    fn hint_braces(&mut self, node: &Node) {
        let written = self.sources.text().get(node.at.start..).unwrap_or("");
        if written.starts_with("{{") || written.starts_with("{ {") {
            self.diagnostics.advise("quote values with templates: \"{{ … }}\"");
        }
    }

    /// A string without templates.
    pub(super) fn plain_text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.scalar(node, what)?;
        if text.trim().is_empty() {
            self.error(node, format!("`{what}` is empty"));
            return None;
        }
        Some(text)
    }

    /// A name without templates.
    pub(super) fn name_text(&mut self, node: &Node) -> Option<String> {
        self.rejects_template(node, "name", "it is one name for the whole run");
        self.plain_text(node, "name")
    }

    /// Row name of a step, from its `name`. Constant for the whole run.
    pub(super) fn row_name(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = fields.get("name")?;
        let name = self.plain_text(node, "name")?;
        if name.contains("{{") {
            self.report(
                node.at.clone(),
                "`name` cannot contain a template: it names one row of the statistics",
                "use one name for all, such as /items/ID; the default is the address as written",
            );
        }
        Some(name)
    }

    /// True if the value is null, or a constant template that is null.
    pub(super) fn is_none(&self, node: &Node) -> bool {
        match &node.kind {
            Kind::Null => true,
            // Errors are reported when the text is compiled.
            Kind::Text(text) if text.contains("{{") => {
                matches!(template::template(text, &self.names), Ok(Template::Constant(value)) if value.is_none())
            }
            _ => false,
        }
    }

    /// Adds a note to the error of a value that contains a template but must not.
    fn no_template(&mut self, node: &Node) {
        if node.scalar().is_some_and(|text| text.contains("{{")) {
            self.diagnostics.advise("templates are not allowed here: this is evaluated when the file is loaded");
        }
    }

    /// A string that may contain templates.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        let source = self.scalar(node, what)?;
        match template::text(&source, &self.names) {
            Ok(text) => Some(text),
            Err(error) => {
                self.template_error(node, error);
                None
            }
        }
    }

    pub(super) fn whole(&mut self, node: &Node, what: &str, most: u32) -> Option<u32> {
        let text = self.scalar(node, what)?;
        match text.parse::<u32>() {
            Ok(n) if n <= most => Some(n),
            _ => {
                self.error(node, format!("`{what}`: expected a whole number from 0 to {most}, found {text:?}"));
                self.no_template(node);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.scalar(node, what)?;
        match units::parse_duration(&text) {
            Ok(d) => Some(d),
            Err(e) => {
                self.error(node, e.to_string());
                self.no_template(node);
                None
            }
        }
    }

    /// Name and value pairs; a list repeats its name, and null is omitted.
    pub(super) fn pairs(&mut self, node: &Node, what: &str) -> Vec<(String, Text)> {
        let Some(entries) = self.map(node, what) else { return Vec::new() };
        let mut pairs = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let values = match &value.kind {
                Kind::List(items) => items.as_slice(),
                _ => std::slice::from_ref(value),
            };
            for value in values {
                match self.known_list(value) {
                    Some(items) => pairs.extend(items.into_iter().map(|item| (key.name.clone(), item))),
                    None => pairs.extend(self.text(value, &key.name).map(|t| (key.name.clone(), t))),
                }
            }
        }
        pairs
    }

    /// Items of a list from a constant template; null has none.
    fn known_list(&mut self, node: &Node) -> Option<Vec<Text>> {
        if matches!(node.kind, Kind::Null) {
            return Some(Vec::new());
        }
        let Kind::Text(text) = &node.kind else { return None };
        // Errors are reported when the text is compiled.
        let Ok(Template::Constant(value)) = template::template(text, &self.names) else { return None };
        if value.is_none() {
            return Some(Vec::new());
        }
        let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
        let is_short_list = is_list && value.len().is_some_and(|items| items <= MOST_REPEATED);
        let items = is_short_list.then(|| value.try_iter().ok())??;
        let items = items.filter(|item| !item.is_none());
        Some(items.map(|item| Text::Fixed(template::shown(&item).unwrap_or_default().into())).collect())
    }

    /// A duration above zero.
    pub(super) fn some_time(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let duration = self.duration(node, what)?;
        if duration.is_zero() {
            self.error(node, format!("`{what}` must be above 0"));
            return None;
        }
        Some(duration)
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Kind::Bool(b) = node.kind {
            return Some(b);
        }
        self.wrong(node, what, "true or false");
        let instead = node.scalar().map(str::to_lowercase).and_then(|word| match &*word {
            "yes" | "y" | "on" | "true" | "1" => Some("true"),
            "no" | "n" | "off" | "false" | "0" => Some("false"),
            _ => None,
        });
        if let Some(word) = instead {
            self.diagnostics.advise(format!("write {word}"));
        }
        self.no_template(node);
        None
    }

    /// A decimal number.
    pub(super) fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
        let text = self.scalar(node, what)?;
        match text.trim().parse::<f64>() {
            Ok(n) if n.is_finite() && n >= 0.0 => Some(n),
            _ => {
                self.error(node, format!("`{what}`: expected a non-negative number, found {text:?}"));
                self.no_template(node);
                None
            }
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.scalar(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let note = match nearest(&text, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("allowed: {}", all.join(", ")),
        };
        self.report(node.at.clone(), format!("{text:?} is not a value of `{what}`"), note);
        None
    }

    /// Strings without templates; a single string needs no list.
    pub(super) fn plain_texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let text = |n| {
            self.rejects_template(n, what, "it is evaluated when the file is loaded");
            self.plain_text(n, what)
        };
        node.one_or_more().iter().filter_map(text).collect()
    }

    /// Tags. They are chosen by a list with commas, so that none can have one in it.
    pub(super) fn tag_names(&mut self, node: &Node) -> Vec<String> {
        let names = self.plain_texts(node, "tags");
        if let Some(name) = names.iter().find(|name| name.contains(',')) {
            let list = name.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            let message = format!("{name:?} is one tag, and a tag has no comma");
            self.report(node.at.clone(), message, format!("write a list: tags: [{list}]"));
        }
        names
    }

    /// A string with only constant templates, rendered.
    pub(super) fn constant_text(&mut self, node: &Node, what: &str) -> Option<String> {
        match self.text(node, what)? {
            Text::Fixed(text) => Some(text.to_string()),
            Text::Parts(_) => {
                self.report(
                    node.at.clone(),
                    format!("`{what}` cannot vary during the run"),
                    "only env.NAME and vars are available here",
                );
                None
            }
        }
    }
}
