//! Body of a `curl` command: pieces of data, and form fields.

/// A `-d` option.
#[derive(Debug)]
pub struct Data {
    /// Data.
    pub text: String,
    /// File with unknown content.
    pub file: Option<FileData>,
}

/// File of a `-d` option.
#[derive(Debug)]
pub struct FileData {
    /// Path as written.
    pub path: String,
    /// Processing of its content.
    pub how: How,
}

/// Processing of the content of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    /// Unchanged.
    Whole,
    /// Without line breaks.
    Joined,
    /// URL-encoded, with an optional name.
    Encoded(String),
}

/// A `-F` or `--form-string` option.
#[derive(Debug)]
pub struct Form {
    /// Name of the field.
    pub name: String,
    /// Value as written.
    pub value: String,
    /// The value is literal.
    pub plain: bool,
}
