//! Result of a check.

/// Severity of a line, in increasing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// The run is possible, but something may go wrong.
    Warning,
    /// The run, or a part of it, would fail.
    Error,
}

impl Level {
    /// As in the output.
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// A result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Severity.
    pub level: Level,
    /// What was found. One line, except for diagnostics of a scenario. Without secrets and control characters.
    pub found: String,
    /// What to do about it, in one sentence; `None` if nothing needs to be done.
    pub advice: Option<String>,
    /// No request of the run can succeed: the preflight does not start the run.
    pub is_fatal: bool,
}

impl Line {
    /// Nothing to do.
    pub fn ok(found: impl Into<String>) -> Self {
        Self { level: Level::Ok, found: found.into(), advice: None, is_fatal: false }
    }

    /// A risk, and how to avoid it.
    pub fn warning(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, found: found.into(), advice: Some(advice.into()), is_fatal: false }
    }

    /// An error, and how to fix it.
    pub fn error(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Error, found: found.into(), advice: Some(advice.into()), is_fatal: false }
    }

    /// Marks an error because of which no request can succeed.
    #[must_use]
    pub fn fatal(self) -> Self {
        Self { is_fatal: true, ..self }
    }
}
