//! Collects errors and warnings, so that all are reported at once.

use std::ops::Range;

use super::unset::Unset;
use crate::scenario::syntax::diagnostic::{Diagnostic, nearest};

/// Errors and warnings of a compilation.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    /// Errors: the file is invalid.
    pub errors: Vec<Diagnostic>,
    /// Warnings: the file is valid.
    pub warnings: Vec<Diagnostic>,
    /// Variables of the environment that are not set: errors if their part runs.
    pub unset: Vec<Unset>,
}

impl Diagnostics {
    /// Reports an unknown key, with what to write instead if that is known.
    pub fn unknown(&mut self, at: Range<usize>, name: &str, allowed: &[&str], hint: Option<String>) {
        let mut diagnostic = Diagnostic::new(at, format!("unknown field `{name}`"));
        if let Some(hint) = hint {
            self.errors.push(diagnostic.note(hint));
            return;
        }
        if let Some(near) = nearest(name, allowed.iter().copied()) {
            diagnostic = diagnostic.note(format!("did you mean `{near}`?"));
        }
        self.errors.push(diagnostic.note(format!("allowed: {}", allowed.join(", "))));
    }

    /// Adds a note to the last error.
    pub fn advise(&mut self, note: impl Into<String>) {
        if let Some(last) = self.errors.last_mut() {
            last.notes.push(note.into());
        }
    }
}
