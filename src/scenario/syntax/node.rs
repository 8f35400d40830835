//! Parses YAML to a tree of [`Node`]s with positions.
//!
//! No other module uses the YAML library. Deserializing to structs would stop at the first error; with this tree, all
//! independent errors of a file are found at once.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use super::diagnostic::Diagnostic;
use super::{advice, yaml_error};

/// A value with its position.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Byte range in the source.
    pub at: Range<usize>,
    /// The value.
    pub kind: Kind,
}

/// Value of a node.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Empty, `null`, `~`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number, and its spelling.
    Number(serde_json::Number, String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// A key of a map with its position.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Name.
    pub name: String,
    /// Byte range in the source.
    pub at: Range<usize>,
}

impl Node {
    /// Shifts all positions, for a text that is appended to another.
    pub fn shift(&mut self, by: usize) {
        self.at = self.at.start + by..self.at.end + by;
        match &mut self.kind {
            Kind::List(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    key.at = key.at.start + by..key.at.end + by;
                    value.shift(by);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(..) | Kind::Text(_) => {}
        }
    }

    /// Converts JSON, with all positions set to `at`.
    pub fn from_json(at: &Range<usize>, json: serde_json::Value) -> Self {
        use serde_json::Value;
        let kind = match json {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(b),
            Value::Number(n) => {
                let text = n.to_string();
                Kind::Number(n, text)
            }
            Value::String(text) => Kind::Text(text),
            Value::Array(items) => Kind::List(items.into_iter().map(|item| Self::from_json(at, item)).collect()),
            Value::Object(entries) => {
                let entry = |(name, value)| (Key { name, at: at.clone() }, Self::from_json(at, value));
                Kind::Map(entries.into_iter().map(entry).collect())
            }
        };
        Self { at: at.clone(), kind }
    }

    /// Entries of a map; empty for other values.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Items of a list; any other value is a single item.
    pub fn one_or_more(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// Description of the type, for messages.
    pub fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(..) => "a number",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// Text of a scalar as written: `1.0` stays `1.0`.
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Bool(b) => Some(if *b { "true" } else { "false" }),
            Kind::Number(_, text) | Kind::Text(text) => Some(text),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

/// Maximum number of values in a file, with aliases counted each time.
const MAX_NODES: usize = 50_000;
/// Maximum nesting of lists and maps. In a debug build the library needs about 40 kB of stack per level, and a thread
/// may have 2 MB.
const MAX_DEPTH: usize = 36;

/// Parses a text.
pub(crate) fn parse(source: &str) -> Result<Node, Diagnostic> {
    parse_hidden(source, source)
}

/// Parses a text whose errors quote `shown`, which is as long and has masks in place of secrets.
pub(crate) fn parse_hidden(source: &str, shown: &str) -> Result<Node, Diagnostic> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: MAX_NODES, max_depth: MAX_DEPTH, max_documents: 1 },
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_yaml::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    if source.trim().is_empty() {
        return Err(Diagnostic::new(0..0, "the file is empty").note("a scenario needs at least host, users and tasks"));
    }
    let raw: Spanned<Raw> =
        serde_yaml::from_str_with_options(source, options).map_err(|error| syntax((source, shown), &error))?;
    Ok(node(source, raw))
}

fn syntax((source, shown): (&str, &str), error: &serde_yaml::Error) -> Diagnostic {
    let at = error.location().map_or(0..0, |l| range(source, &l));
    let inner = yaml_error::inner(error);
    if let serde_yaml::Error::Budget { breach: serde_yaml::budget::BudgetBreach::Documents { .. }, .. } = inner {
        return Diagnostic::new(at, "a second document starts here: a scenario must be one document")
            .note("remove the line ---, or move the text after it to another file and use `include`");
    }
    let message = yaml_error::message(error, (MAX_NODES, MAX_DEPTH));
    if matches!(inner, serde_yaml::Error::Budget { .. }) {
        return Diagnostic::new(at, message);
    }
    let line_start = source[..at.start].rfind('\n').map_or(0, |i| i + 1);
    let line = source[line_start..].lines().next().unwrap_or("");
    if line.contains("{{") {
        return Diagnostic::new(at, message).note("quote values with templates: \"{{ … }}\"");
    }
    if let Some(found) = advice::advise((source, shown), at.start, &message) {
        return Diagnostic::new(found.at.unwrap_or(at), found.message.unwrap_or(message)).note(found.note);
    }
    let advice = advice(&message);
    let diagnostic = Diagnostic::new(at, message);
    match advice {
        Some(advice) => diagnostic.note(advice),
        None => diagnostic,
    }
}

/// Notes for common messages of the library.
fn advice(message: &str) -> Option<&'static str> {
    let known = [
        ("tab", "indent with spaces: YAML does not allow tabs there"),
        (
            "unclosed quote",
            "close the quote where the value ends; inside of \"…\" a quote is \\\", inside of '…' it is ''",
        ),
        ("duplicate mapping key", "a map has each key once: remove one of the two, or merge their values"),
    ];
    known.into_iter().find(|(start, _)| message.starts_with(start)).map(|(_, advice)| advice)
}

/// Byte offset of a line and column: errors of the scanner have only these.
fn by_line(source: &str, location: &Location) -> usize {
    let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(1);
    let mut lines = source.split_inclusive('\n');
    let before: usize = lines.by_ref().take(index(location.line())).map(str::len).sum();
    let column: usize = lines.next().unwrap_or("").chars().take(index(location.column())).map(char::len_utf8).sum();
    before + column
}

/// Byte range of a location.
fn range(source: &str, location: &Location) -> Range<usize> {
    let span = location.span();
    let start = span.byte_offset().and_then(|n| usize::try_from(n).ok());
    let start = start.unwrap_or_else(|| by_line(source, location)).min(source.len());
    let length = span.byte_len().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let floor = |mut i: usize| {
        while !source.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    floor(start)..floor(start.saturating_add(length).min(source.len()))
}

fn node(source: &str, raw: Spanned<Raw>) -> Node {
    let at = range(source, &raw.defined);
    let kind = match raw.value {
        Raw::Null => Kind::Null,
        Raw::Bool(b) => Kind::Bool(b),
        Raw::Number(n) => {
            let written = source[at.clone()].trim();
            // With a tag or an anchor before the number, use the parsed number.
            let text = if written.parse::<f64>().is_ok() { written.to_owned() } else { n.to_string() };
            Kind::Number(n, text)
        }
        Raw::Text(s) => Kind::Text(s),
        Raw::List(items) => Kind::List(items.into_iter().map(|i| node(source, i)).collect()),
        Raw::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(k, v)| (Key { name: k.value, at: range(source, &k.defined) }, node(source, v)))
                .collect(),
        ),
    };
    Node { at, kind }
}

enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Raw, E> {
        Ok(Raw::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Raw, E> {
        Ok(Raw::Number(v.into()))
    }

    fn visit_i128<E>(self, v: i128) -> Result<Raw, E> {
        Ok(Raw::Text(v.to_string()))
    }

    fn visit_u128<E>(self, v: u128) -> Result<Raw, E> {
        Ok(Raw::Text(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Raw, E> {
        Ok(serde_json::Number::from_f64(v).map_or_else(|| Raw::Text(v.to_string()), Raw::Number))
    }

    fn visit_str<E>(self, v: &str) -> Result<Raw, E> {
        Ok(Raw::Text(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Raw, E> {
        Ok(Raw::Text(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
