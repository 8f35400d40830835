//! A run seen from outside: commands in, snapshots out. Nothing in it needs the engine to be in the same process.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::Command;
use crate::stats::Snapshot;

/// Sends commands to a run and receives its snapshots. Dropping every handle stops the run.
#[derive(Debug, Clone)]
pub struct RunHandle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

/// A command was not accepted: the run is over, or too many commands are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// The queue of commands is full.
    #[error("the engine does not process commands fast enough")]
    Full,
}

impl RunHandle {
    /// From the caller's ends of the two channels; the run keeps the other ends.
    pub fn new(commands: mpsc::Sender<Command>, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { commands, snapshots }
    }

    /// Sends a command without waiting.
    ///
    /// # Errors
    /// When the run has ended, or too many commands are waiting.
    pub fn send(&self, command: Command) -> Result<(), CommandError> {
        self.commands.try_send(command).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => CommandError::Full,
            mpsc::error::TrySendError::Closed(_) => CommandError::Ended,
        })
    }

    /// The latest snapshot.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// A receiver that sees every further snapshot; it closes after the last one, whose state is `Done`.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Waits for the end and returns the last snapshot.
    pub async fn finished(&mut self) -> Arc<Snapshot> {
        // An error means that the sender is gone: the present snapshot is the last.
        let _ = self.snapshots.wait_for(|s| s.state.is_done()).await;
        self.latest()
    }
}
