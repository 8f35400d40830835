//! What is wrong with a template, with advice.

/// What is wrong with a template.
#[derive(Debug)]
pub(crate) struct TemplateError {
    /// The text to underline, if it is known.
    pub word: String,
    /// What is wrong.
    pub message: String,
    /// Advice.
    pub notes: Vec<String>,
    /// The word is a name that nothing gives a value.
    pub undefined: bool,
}

impl TemplateError {
    pub(super) fn new(word: &str, message: impl Into<String>) -> Self {
        Self { word: word.to_owned(), message: message.into(), notes: Vec::new(), undefined: false }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}
