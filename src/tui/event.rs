//! Events that threads send to the main loop.

use std::path::PathBuf;
use std::sync::Arc;

use super::model::Listing;
use super::reading::Reading;
use super::starter::ProbeError;
use crate::doctor::{Answer, Preflight};
use crate::stats::Snapshot;

/// A key, a signal, a snapshot, or the end of a job.
#[derive(Debug)]
pub(crate) enum Event {
    Input(crossterm::event::Event),
    /// A snapshot of the run with this number.
    Snapshot(u64, Arc<Snapshot>),
    /// The run with this number ended without a final snapshot.
    Lost(u64),
    Exported(Result<Vec<PathBuf>, String>),
    /// Whether the Redis server at this address responds.
    Probed(Arc<str>, Result<(), ProbeError>),
    /// The list of scenarios again.
    Listed(Listing),
    /// The result of reading the entry with this index.
    Read(usize, Box<Reading>),
    /// The result of the preflight with this number.
    Checked(u64, Preflight),
    /// The answers to the diagnosis with this number.
    Diagnosed(u64, Vec<Answer>),
    Signal(i32),
    Suspend,
    HangUp,
    Panic(String),
}
