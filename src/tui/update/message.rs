//! What goes into an update, and what comes out of it.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::engine::Command;
use crate::scenario::Overrides;
use crate::stats::Snapshot;
use crate::tui::model::Planned;
use crate::tui::reading::Reading;
use crate::tui::starter::ProbeError;

/// What reaches the model.
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
    /// The entry with this index has been read.
    Read(usize, Box<Reading>),
    Exported(Result<Vec<PathBuf>, String>),
    /// Whether the Redis with this address responds.
    Probed(Arc<str>, Result<(), ProbeError>),
    /// The run's channel closed without a last snapshot.
    Lost,
    Tick,
}

/// What the loop must do.
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
