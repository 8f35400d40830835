//! Messages to the model, and effects for the main loop.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::doctor::{Answer, Preflight};
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
    /// The checks before a start have begun, with this number.
    Checking {
        number: u64,
        index: usize,
        overrides: Overrides,
    },
    Checked(u64, Preflight),
    /// The diagnosis with this number has begun.
    Diagnosing(u64),
    Diagnosed(u64, Vec<Answer>),
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
    /// Start after the checks.
    Start {
        index: usize,
        overrides: Overrides,
    },
    /// Start without further checks, and show a warning, unless it is empty.
    Launch {
        index: usize,
        overrides: Overrides,
        warning: String,
    },
    /// Check the highlighted scenario.
    Diagnose,
    Send(Command),
    Export(Arc<Snapshot>),
    Quit,
    /// Quit without waiting for running tasks.
    Force,
    Suspend,
    Redraw,
}
