//! What a table of the language consists of: keys, and rules between them.

use std::fmt;

use super::kind::ValueKind;

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// What its value is.
    pub kind: ValueKind,
    /// What it does, in one line; editors show it.
    pub about: &'static str,
    /// Its value where it is not written, unless that depends on other keys.
    pub default: Option<DefaultValue>,
}

/// The value of a key that is not written: the compiler reads it as if it was.
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
    /// As a scenario writes it.
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

    /// The same key with this string as its default.
    pub(super) const fn or_text(self, default: &'static str) -> Self {
        self.or(DefaultValue::Text(default))
    }

    /// The same key with this number as its default.
    pub(super) const fn or_whole(self, default: u32) -> Self {
        self.or(DefaultValue::Whole(default))
    }

    /// The same key with this truth value as its default.
    pub(super) const fn or_bool(self, default: bool) -> Self {
        self.or(DefaultValue::Bool(default))
    }
}

pub(super) const fn key(name: &'static str, kind: ValueKind, about: &'static str) -> Key {
    Key { name, kind, about, default: None }
}

/// The default of the key with this name, if it is one of these keys and has one.
pub(crate) fn default_of(keys: &[Key], name: &str) -> Option<DefaultValue> {
    keys.iter().find(|key| key.name == name)?.default
}

/// The names of some keys.
pub(crate) fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|k| k.name).collect()
}

/// A map whose keys are known.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is, for the JSON Schema.
    pub kind: ValueKind,
    /// What messages call it: `a stage`, or the key that it is the value of.
    pub what: &'static str,
    /// All keys that may be in it.
    pub keys: &'static [Key],
    /// Which of them need or exclude each other.
    pub rules: &'static [Rule],
}

/// A rule between the keys of one map. The last field is advice: what to write instead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The key must be set.
    Required(&'static str, &'static str),
    /// The key must be set in a file that runs by itself: the environment and flags can replace it.
    RequiredAlone(&'static str),
    /// At least one of the keys must be set.
    AnyOf(&'static [&'static str], &'static str),
    /// Exactly one of the keys must be set.
    OneOf(&'static [&'static str], &'static str),
    /// The two keys cannot both be set; an error is shown at the second.
    Excludes(&'static str, &'static str, &'static str),
    /// The two keys cannot both be `true`.
    OneTrue(&'static str, &'static str, &'static str),
    /// The first key requires the second.
    Needs(&'static str, &'static str, &'static str),
    /// At least one key must be set.
    NotEmpty(&'static str),
}
