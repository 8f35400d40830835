//! Errors in templates.

/// An error in a template, with advice.
#[derive(Debug, Clone)]
pub(crate) struct TemplateError {
    /// The text to underline; empty if unknown.
    pub word: String,
    /// The error message.
    pub message: String,
    /// Advice, one note per line.
    pub notes: Vec<String>,
    /// The word is a name that is not defined.
    pub undefined: bool,
    /// The word is a variable of `env` that is not set: an error only in a part that runs.
    pub unset: bool,
}

impl TemplateError {
    pub(super) fn new(word: &str, message: impl Into<String>) -> Self {
        Self { word: word.to_owned(), message: message.into(), notes: Vec::new(), undefined: false, unset: false }
    }

    /// The same error at another word.
    pub(super) fn at(self, word: &str) -> Self {
        Self { word: word.to_owned(), ..self }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}
