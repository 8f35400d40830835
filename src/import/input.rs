//! Options, limits and errors of all importers.

/// Maximum number of requests per input.
pub(super) const MAX_REQUESTS: usize = 1_000;

/// Options for recordings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Keep images, styles, scripts, fonts and media.
    pub assets: bool,
    /// Keep requests to these hosts in addition to the main one.
    pub hosts: Vec<String>,
    /// Keep headers of the recorded browser, as defaults.
    pub browser_headers: bool,
}

/// The input cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(String);

impl ImportError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}
