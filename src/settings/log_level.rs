//! How much of the log of a run is written.

/// The levels of Locust's log, from the most lines to the fewest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// The steps of the run, and what follows.
    #[default]
    Info,
    /// What needs attention.
    Warning,
    /// Errors.
    Error,
    /// Errors that end the run.
    Critical,
}

impl LogLevel {
    /// Every level, from the most lines to the fewest.
    pub const ALL: &[LogLevel] =
        &[LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error, LogLevel::Critical];
    /// The names of [`LogLevel::ALL`], in the same order.
    pub const NAMES: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
}
