//! What a table of the language consists of: keys, and rules between them.

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
}

pub(super) const fn key(name: &'static str, kind: ValueKind, about: &'static str) -> Key {
    Key { name, kind, about }
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
