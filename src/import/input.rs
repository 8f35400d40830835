//! What every kind of input has in common: its options, its limits, and the error of one that cannot be used.

/// Requests taken from one text.
pub(super) const MAX_REQUESTS: usize = 1_000;

/// What is wanted of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Keep images, styles, scripts, fonts and media.
    pub assets: bool,
    /// Keep requests to these hosts in addition to the main one.
    pub hosts: Vec<String>,
}

/// A text of which no scenario can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(String);

impl ImportError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}
