//! Log levels.

/// Locust's log levels, from most to least verbose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Progress of the run, and everything below.
    #[default]
    Info,
    /// Problems that need attention.
    Warning,
    /// Errors.
    Error,
    /// Errors that end the run.
    Critical,
}

impl LogLevel {
    /// All levels, from most to least verbose.
    pub const ALL: &[LogLevel] =
        &[LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error, LogLevel::Critical];
    /// The names of [`LogLevel::ALL`], in the same order.
    pub const NAMES: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
}
