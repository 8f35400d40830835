//! Findings of schema validation, and suggestions of names.

use std::ops::Range;

use crate::scenario::syntax::diagnostic::nearest;

/// Maximum number of names listed if none is similar.
pub(super) const LISTED: usize = 12;

/// An error in a document, with its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Position in the scenario, if it concerns the value of a variable.
    pub at: Option<Range<usize>>,
    /// Line in the document, from 1; 0 if it concerns the whole document.
    pub line: usize,
    /// Column in characters, from 1; 0 if it concerns the whole document.
    pub column: usize,
    /// Number of characters to mark.
    pub length: usize,
    /// Error message.
    pub message: String,
    /// Suggestion.
    pub note: Option<String>,
    /// The document is valid all the same.
    pub is_warning: bool,
}

/// The most similar name, ignoring case, because enum values are in upper case.
pub(crate) fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower: Vec<String> = known.iter().map(|name| name.to_lowercase()).collect();
    let found = nearest(word, lower.iter().map(String::as_str))?;
    lower.iter().position(|name| name == found).and_then(|index| known.get(index).copied())
}
