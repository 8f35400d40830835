//! How the screen ends, and what remains of the run.

use std::path::PathBuf;
use std::sync::Arc;

use crate::stats::Snapshot;

/// Why the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By a key.
    Quit,
    /// By a signal; its number.
    Signal(i32),
    /// By a second signal, which did not wait for the run; its number.
    Forced(i32),
    /// The terminal was closed.
    HangUp,
}

/// What remains after the terminal was restored.
#[derive(Debug)]
pub struct Outcome {
    /// The final snapshot of the last run.
    pub last: Option<Arc<Snapshot>>,
    /// Files exported.
    pub exports: Vec<PathBuf>,
    /// Why it ended.
    pub exit: Exit,
}

/// A fatal error of the screen. The terminal has been restored.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal cannot be read or written.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// Another thread panicked; the message.
    #[error("a thread of katydid panicked: {0}")]
    Panicked(String),
}
