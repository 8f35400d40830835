//! State of the screen. The engine is represented by snapshots only.

mod checking;
mod focus;
mod launcher;
mod listing;
mod note;
mod planned;
mod question;
mod run;
mod sort;

pub(crate) use checking::{Checking, Diagnosis};
pub(crate) use focus::{Focus, List};
pub(crate) use launcher::{Item, Launcher, ProbeResult, Shown};
pub(crate) use listing::Listing;
pub(crate) use planned::{Pending, Planned};
pub(crate) use question::Question;
pub(crate) use run::Run;
pub(crate) use sort::Sort;

use std::cell::Cell;
use std::time::Duration;

use super::action::{DONE, LAUNCHER, LIVE, STOPPING};
use super::cursor::Subject;
use super::prompt::Prompt;
use super::theme::Theme;
use crate::scenario::catalog::Entry;
use crate::settings::Settings;
use crate::stats::snapshot::RunState;

/// State of the screen.
pub(crate) struct Model {
    /// Time since the start of the screen, set by the main loop before each message.
    pub now: Duration,
    pub theme: Theme,
    pub launcher: Launcher,
    /// The dashboard, once a run was started.
    pub run: Option<Run>,
    pub overlay: Option<Overlay>,
    pub toast: Option<Toast>,
    /// Maximum scroll position of the last drawn page; only the view knows its number of lines.
    pub page_end: Cell<usize>,
    /// Quitting: waiting for the end of the run.
    pub leaving: bool,
}

/// An overlay over the screen.
pub(crate) enum Overlay {
    Help {
        scroll: usize,
    },
    /// The checks of the highlighted scenario, in the launcher.
    Doctor {
        scroll: usize,
    },
    Prompt(Prompt),
    Confirm(Question),
    Detail {
        subject: Subject,
        scroll: usize,
    },
}

/// A message above the key hints, for a few seconds.
pub(crate) struct Toast {
    pub text: String,
    pub bad: bool,
    pub until: Duration,
}

impl Model {
    pub fn new(entries: Vec<Entry>, settings: &Settings) -> Self {
        Self {
            now: Duration::ZERO,
            theme: Theme::new(settings.theme, settings.ascii),
            launcher: Launcher::new(entries, settings.overrides()),
            run: None,
            overlay: None,
            toast: None,
            page_end: Cell::new(0),
            leaving: false,
        }
    }

    /// The place that determines which keys are valid.
    pub fn place(&self) -> u8 {
        match &self.run {
            None => LAUNCHER,
            Some(run) if run.latest.state.is_done() => DONE,
            Some(run) if self.leaving || run.latest.state == RunState::Stopping => STOPPING,
            Some(_) => LIVE,
        }
    }

    /// True while a run is producing load.
    pub fn live(&self) -> bool {
        matches!(self.place(), LIVE | STOPPING)
    }

    /// Shows `text` above the key hints for a few seconds.
    pub fn show_toast(&mut self, text: String, bad: bool) {
        self.toast = Some(Toast { text, bad, until: self.now + Duration::from_secs(8) });
    }
}
