//! A snapshot becomes a screen, a key becomes a command.
//!
//! ```text
//! keys, signals, snapshots ─▶ runtime (one loop) ─▶ update(model, action) ─▶ effects: commands, exports, quit
//!                                                        └─▶ view(model) ─▶ terminal
//! ```
//! Of the engine only [`RunHandle`] and [`Command`](crate::engine::Command) are seen.

mod action;
mod cursor;
mod history;
mod input;
mod model;
mod preview;
mod prompt;
mod runtime;
mod terminal;
mod theme;
mod update;
mod view;
mod widget;
mod writer;

#[cfg(test)]
mod fixture;

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::RunHandle;
use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Scenario};
use crate::stats::Snapshot;

/// Starts a run for the screen, which knows only the handle.
pub trait Starter {
    /// Starts `scenario` with `overrides` at once. The error is shown as it is.
    ///
    /// # Errors
    /// In words, when the run cannot be started.
    fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String>;

    /// A text of this program, such as the path of a written file, without the secrets of the scenario.
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }

    /// How to find out, on a thread of its own, whether a Redis answers. Nothing is sent before it is called. `None`
    /// where nobody can know.
    fn probe(&self, _target: &RedisTarget, _secrets: &Arc<Redactor>) -> Option<Probe> {
        None
    }
}

/// Asks a Redis.
pub type Probe = Box<dyn FnOnce() -> Result<(), Silent> + Send>;

/// Why a Redis does not answer as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// In words.
    pub why: String,
    /// Something is there, but it does not let us in, or is no Redis.
    pub reached: bool,
}

/// Colours and glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// The terminal's own colours, ANSI names only.
    #[default]
    Auto,
    /// For light backgrounds.
    Light,
    /// Blue and orange.
    Colorblind,
    /// No colour; chosen by `NO_COLOR`.
    Mono,
}

/// How the screen is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Colours.
    pub theme: ThemeName,
    /// No glyph outside ASCII.
    pub ascii: bool,
    /// Where exports go.
    pub out: PathBuf,
    /// Which entry is highlighted first.
    pub selected: usize,
    /// Values given by flags, shown in the launcher's fields.
    pub overrides: Overrides,
    /// For each entry why it is not sent to the host in `overrides`, if so.
    pub refusals: Vec<Option<&'static str>>,
    /// Start the highlighted scenario without waiting for Enter.
    pub autostart: bool,
}

/// How the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By a key.
    Quit,
    /// By a signal, with its number.
    Signal(i32),
    /// The terminal is gone.
    HangUp,
}

/// What is left when the screen is gone and the terminal restored.
#[derive(Debug)]
pub struct Farewell {
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

/// Takes the terminal over until the user quits, a signal comes or the terminal is gone; a running load is stopped
/// before it returns.
///
/// # Errors
/// When the terminal cannot be set up.
pub fn run(entries: Vec<Entry>, starter: &mut dyn Starter, options: Options) -> Result<Farewell, TuiError> {
    runtime::run(entries, starter, options)
}
