//! Selects one of several values.

use minijinja::Value;

/// The value of `pick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first one.
    First,
    /// The last one.
    Last,
    /// A random one, from the user's generator.
    Random,
    /// All, as a list; an empty list counts as nothing found.
    All,
}

impl Pick {
    /// The selected value, or the list of all.
    pub(super) fn choose<T>(self, all: &[T], rng: &mut fastrand::Rng, value: impl Fn(&T) -> Value) -> Option<Value> {
        match self {
            Pick::First => all.first().map(value),
            Pick::Last => all.last().map(value),
            Pick::Random => rng.choice(all).map(value),
            Pick::All if all.is_empty() => None,
            Pick::All => Some(Value::from(all.iter().map(value).collect::<Vec<_>>())),
        }
    }
}
