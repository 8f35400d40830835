//! What a server would refuse, and the names that were probably meant.

use std::ops::Range;

use crate::scenario::syntax::diagnostic::nearest;

/// Names listed when none is near.
pub(super) const LISTED: usize = 12;

/// What does not fit, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where it is in the scenario, if it is about a variable's value.
    pub at: Option<Range<usize>>,
    /// Line of the document, from 1; 0 when it is about the whole.
    pub line: usize,
    /// Column in characters, from 1; 0 when it is about the whole.
    pub column: usize,
    /// Characters that it is about.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub note: Option<String>,
}

/// The name that was probably meant, whatever its case: values of an enum are written in capitals.
pub(crate) fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower: Vec<String> = known.iter().map(|name| name.to_lowercase()).collect();
    let found = nearest(word, lower.iter().map(String::as_str))?;
    lower.iter().position(|name| name == found).and_then(|index| known.get(index).copied())
}
