//! A [`Plan`](crate::scenario::Plan) becomes load.
//!
//! [`start`] spawns one thread a shard and one control thread (supervisor and aggregator), and returns a [`RunHandle`]:
//! commands in, snapshots out. Nothing else crosses.

mod command;
mod handle;

use std::sync::Arc;

pub use command::Command;
pub use handle::{Gone, RunHandle};

use crate::scenario::Plan;

/// How the load generator itself is set up.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Shards, each an OS thread with its own runtime.
    pub threads: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The operating system refused a thread or a runtime.
    #[error("cannot start the load generator's threads: {0}")]
    Thread(#[from] std::io::Error),
    /// The TLS library could not be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Starts the run at once.
///
/// # Errors
/// When the operating system refuses a thread, or TLS cannot be set up.
pub fn start(_plan: Arc<Plan>, _options: Options) -> Result<RunHandle, EngineError> {
    Err(EngineError::Tls("not there yet".into()))
}
