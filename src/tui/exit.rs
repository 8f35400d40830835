//! How the screen ends, and what is left of the run then.

use std::path::PathBuf;
use std::sync::Arc;

use crate::stats::Snapshot;

/// How the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By a key.
    Quit,
    /// By a signal, with its number.
    Signal(i32),
    /// By a second signal, with its number: the run was not left to end by itself.
    Forced(i32),
    /// The terminal is gone.
    HangUp,
}

/// What is left when the screen is gone and the terminal restored.
#[derive(Debug)]
pub struct Outcome {
    /// The last snapshot of the last run, all its requests counted.
    pub last: Option<Arc<Snapshot>>,
    /// Files exported.
    pub exports: Vec<PathBuf>,
    /// Why it ended.
    pub exit: Exit,
}

/// The screen cannot go on. The terminal has been restored.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal refuses something.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// Another thread panicked; what it said.
    #[error("a thread of katydid panicked: {0}")]
    Panicked(String),
}
