//! The screen: draws snapshots, and turns keys into commands.
//!
//! ```text
//! keys, signals, snapshots ─▶ runtime (one loop) ─▶ update(model, action) ─▶ effects: commands, exports, quit
//!                                                        └─▶ view(model) ─▶ terminal
//! ```
//! Of the engine, it uses only [`RunHandle`] and [`Command`](crate::engine::Command).

mod action;
pub(crate) mod checks;
mod cursor;
mod event;
mod exit;
mod history;
mod input;
mod model;
mod preview;
mod prompt;
mod reading;
mod runtime;
mod stamps;
mod starter;
mod terminal;
mod text;
mod theme;
mod update;
mod view;
mod widget;
mod writer;

#[cfg(test)]
mod fixture;

pub use exit::{Exit, Outcome, TuiError};
pub use starter::{List, Probe, ProbeError, Starter};

use crate::scenario::catalog::Entry;
use crate::settings::Settings;

/// Takes over the terminal until the user quits, a signal arrives or the terminal is closed; stops a running load
/// before it returns.
///
/// # Errors
/// When the terminal cannot be set up.
pub fn run(entries: Vec<Entry>, starter: &mut dyn Starter, settings: &Settings) -> Result<Outcome, TuiError> {
    runtime::run(entries, starter, settings)
}
