//! A message in the status line about a key that did not do all it usually does. It hides no finding.

use std::time::Duration;

use crate::stats::snapshot::RunState;

/// How long a note is shown.
const SHOWN: Duration = Duration::from_secs(8);

/// A message that goes away when its time is over, or when it is no longer true.
pub(crate) struct Note {
    pub text: String,
    until: Duration,
    /// The state of the run when the note was made. Reaching the wanted number of users is no change.
    state: RunState,
    /// The users and the spawn rate that the note is about.
    load: Option<(u32, f64)>,
}

impl Note {
    /// A note made at `now` about a run in this state.
    pub fn new(text: String, now: Duration, state: RunState) -> Self {
        Self { text, until: now + SHOWN, state: settled(state), load: None }
    }

    /// The same about this load: it ends when the load changes.
    pub fn of_load(self, load: (u32, f64)) -> Self {
        Self { load: Some(load), ..self }
    }

    /// True while it is to be shown.
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
