//! A note in the status line about a key that had less effect than usual. Does not hide findings.

use std::time::Duration;

use crate::stats::snapshot::RunState;

/// How long a note is shown.
const SHOWN: Duration = Duration::from_secs(8);

/// A note that disappears after a while, or when it is no longer true.
pub(crate) struct Note {
    pub text: String,
    until: Duration,
    /// State of the run when the note was created. Ramping and running count as the same.
    state: RunState,
    /// Users and spawn rate that the note is about.
    load: Option<(u32, f64)>,
}

impl Note {
    /// A note created at `now` about a run in this state.
    pub fn new(text: String, now: Duration, state: RunState) -> Self {
        Self { text, until: now + SHOWN, state: settled(state), load: None }
    }

    /// Makes the note disappear when the load changes from this one.
    pub fn of_load(self, load: (u32, f64)) -> Self {
        Self { load: Some(load), ..self }
    }

    /// True while it should be shown.
    pub fn is_current(&self, now: Duration, state: RunState, load: (u32, f64)) -> bool {
        now < self.until && self.state == settled(state) && self.load.is_none_or(|noted| noted == load)
    }
}

fn settled(state: RunState) -> RunState {
    match state {
        RunState::Ramping => RunState::Running,
        state => state,
    }
}
