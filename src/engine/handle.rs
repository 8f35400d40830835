//! Handle to a run: sends commands, receives snapshots. It does not depend on the engine being in the same process.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::Command;
use crate::stats::Snapshot;

/// Sends commands to a run and receives its snapshots. The run stops when all handles are dropped.
#[derive(Debug, Clone)]
pub struct RunHandle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

/// The command was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// Too many commands are waiting.
    #[error("the engine does not process commands fast enough")]
    Full,
}

impl RunHandle {
    /// Creates a handle from the caller's ends of the two channels.
    pub fn new(commands: mpsc::Sender<Command>, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { commands, snapshots }
    }

    /// Sends a command without waiting.
    ///
    /// # Errors
    /// If the run has ended, or too many commands are waiting.
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

    /// Receiver of all later snapshots. The channel closes after the last one, whose state is `Done`.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Waits for the end of the run and returns the last snapshot.
    pub async fn finished(&mut self) -> Arc<Snapshot> {
        // An error means that the channel is closed: the current snapshot is the last one.
        let _ = self.snapshots.wait_for(|s| s.state.is_done()).await;
        self.latest()
    }
}
