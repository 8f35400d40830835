//! Tables of keys, and the rules between them.

use std::fmt;

use super::kind::ValueKind;

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Name.
    pub name: &'static str,
    /// Kind of its value.
    pub kind: ValueKind,
    /// One-line description, shown by editors.
    pub about: &'static str,
    /// Default value, unless it depends on other keys.
    pub default: Option<DefaultValue>,
    /// Examples of values, shown by editors; if empty, those of the kind.
    pub examples: &'static [&'static str],
}

/// Default value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefaultValue {
    /// A string.
    Text(&'static str),
    /// A whole number.
    Whole(u32),
    /// `true` or `false`.
    Bool(bool),
}

impl fmt::Display for DefaultValue {
    /// Formatted as in a scenario.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefaultValue::Text(text) => f.write_str(text),
            DefaultValue::Whole(number) => write!(f, "{number}"),
            DefaultValue::Bool(value) => write!(f, "{value}"),
        }
    }
}

impl Key {
    const fn or(self, default: DefaultValue) -> Self {
        Self { default: Some(default), ..self }
    }

    /// Sets examples.
    pub(super) const fn eg(self, examples: &'static [&'static str]) -> Self {
        Self { examples, ..self }
    }

    /// Sets a string as default.
    pub(super) const fn or_text(self, default: &'static str) -> Self {
        self.or(DefaultValue::Text(default))
    }

    /// Sets a number as default.
    pub(super) const fn or_whole(self, default: u32) -> Self {
        self.or(DefaultValue::Whole(default))
    }

    /// Sets a boolean as default.
    pub(super) const fn or_bool(self, default: bool) -> Self {
        self.or(DefaultValue::Bool(default))
    }
}

pub(super) const fn key(name: &'static str, kind: ValueKind, about: &'static str) -> Key {
    Key { name, kind, about, default: None, examples: &[] }
}

/// Default of the key with this name, if any.
pub(crate) fn default_of(keys: &[Key], name: &str) -> Option<DefaultValue> {
    keys.iter().find(|key| key.name == name)?.default
}

/// Names of keys.
pub(crate) fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|k| k.name).collect()
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Table {
    /// Kind, for the JSON Schema.
    pub kind: ValueKind,
    /// Name in messages: `a stage`, or the key whose value it is.
    pub what: &'static str,
    /// Allowed keys.
    pub keys: &'static [Key],
    /// Rules between the keys.
    pub rules: &'static [Rule],
}

/// A rule between the keys of a map. The last field is a note: what to write instead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The key is required.
    Required(&'static str, &'static str),
    /// At least one of the keys is required, unless the environment or a flag sets it.
    RequiredAlone(&'static [&'static str]),
    /// At least one of the keys is required.
    AnyOf(&'static [&'static str], &'static str),
    /// Exactly one of the keys is required.
    OneOf(&'static [&'static str], &'static str),
    /// The two keys exclude each other; the error is shown at the second.
    Excludes(&'static str, &'static str, &'static str),
    /// At most one of the two keys can be `true`.
    OneTrue(&'static str, &'static str, &'static str),
    /// The first key requires the second.
    Needs(&'static str, &'static str, &'static str),
    /// At least one key is required.
    NotEmpty(&'static str),
}
