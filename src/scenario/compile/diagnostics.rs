//! What is wrong with a file and what looks wrong, collected so that one run shows all of it.

use std::ops::Range;

use crate::scenario::syntax::diagnostic::{Diagnostic, nearest};

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    /// Each of them makes the file invalid.
    pub errors: Vec<Diagnostic>,
    /// None of them does.
    pub warnings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// A key that is not in its table.
    pub fn unknown(&mut self, at: Range<usize>, name: &str, allowed: &[&str]) {
        let mut diagnostic = Diagnostic::new(at, format!("unknown field `{name}`"));
        if let Some(near) = nearest(name, allowed.iter().copied()) {
            diagnostic = diagnostic.note(format!("did you mean `{near}`?"));
        }
        self.errors.push(diagnostic.note(format!("allowed: {}", allowed.join(", "))));
    }

    /// Adds advice to the last error.
    pub fn advise(&mut self, note: impl Into<String>) {
        if let Some(last) = self.errors.last_mut() {
            last.notes.push(note.into());
        }
    }
}
