//! The body of a `curl` command: pieces of data, and fields of a form.

/// One `-d`.
#[derive(Debug)]
pub struct Data {
    /// What is sent.
    pub text: String,
    /// The file that it comes from, whose content is not known.
    pub file: Option<FileData>,
}

/// The file of a `-d`.
#[derive(Debug)]
pub struct FileData {
    /// As written.
    pub path: String,
    /// What is done with its content.
    pub how: How,
}

/// What is done with the content of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing.
    Whole,
    /// Its line breaks are left out.
    Joined,
    /// It is URL-encoded, behind this name if it has one.
    Encoded(String),
}

/// One `-F` or `--form-string`.
#[derive(Debug)]
pub struct Form {
    /// Of the field.
    pub name: String,
    /// As written.
    pub value: String,
    /// Nothing in the value has a meaning.
    pub plain: bool,
}
