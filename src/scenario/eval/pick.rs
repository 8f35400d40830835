//! Which of several values that were found is taken.

use minijinja::Value;

/// `pick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first one.
    First,
    /// The last one.
    Last,
    /// Any, by the user's generator.
    Random,
    /// All of them as a list; nothing found is a miss too.
    All,
}

impl Pick {
    /// The chosen one of `all`, or the list of all of them.
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
