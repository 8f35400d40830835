//! What the threads send to the loop of the screen.

use std::path::PathBuf;
use std::sync::Arc;

use super::reading::Reading;
use super::starter::ProbeError;
use crate::stats::Snapshot;

/// A key, a signal, a snapshot, or the end of a job.
#[derive(Debug)]
pub(crate) enum Event {
    Input(crossterm::event::Event),
    /// Of the run with this number.
    Snapshot(u64, Arc<Snapshot>),
    /// The run with this number ended without a last snapshot.
    Lost(u64),
    Exported(Result<Vec<PathBuf>, String>),
    /// Whether the Redis with this address responds.
    Probed(Arc<str>, Result<(), ProbeError>),
    /// What was read of the entry with this index.
    Read(usize, Box<Reading>),
    Signal(i32),
    Suspend,
    HangUp,
    Panic(String),
}
