//! Messages to the model, and effects for the main loop.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::engine::Command;
use crate::scenario::Overrides;
use crate::stats::Snapshot;
use crate::tui::model::Planned;
use crate::tui::reading::Reading;
use crate::tui::starter::ProbeError;

/// A message to the model.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyEvent),
    Paste(String),
    Snapshot(Arc<Snapshot>),
    Started {
        index: usize,
        overrides: Overrides,
        planned: Planned,
        first: Arc<Snapshot>,
    },
    Refused(String),
    /// The result of reading the entry with this index.
    Read(usize, Box<Reading>),
    Exported(Result<Vec<PathBuf>, String>),
    /// Whether the Redis server at this address responds.
    Probed(Arc<str>, Result<(), ProbeError>),
    /// The run's channel closed without a final snapshot.
    Lost,
    Tick,
}

/// An effect that the main loop carries out.
#[derive(Debug)]
pub(crate) enum Effect {
    Start {
        index: usize,
        overrides: Overrides,
    },
    Send(Command),
    Export(Arc<Snapshot>),
    Quit,
    /// Quit without waiting for running tasks.
    Force,
    Suspend,
    Redraw,
}
