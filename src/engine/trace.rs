//! Events of a user, sent to an [`Observer`]; used only by `katydid try`.

use std::time::Duration;

use minijinja::Value;

use crate::protocol::trace::Trace;
use crate::scenario::plan::StopScope;

/// Longer waits are shortened to this.
pub const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Receives the events of a user.
pub trait Observer: Trace {
    /// Called when a step was executed or skipped.
    fn observe(&self, event: &UserEvent<'_>);
}

/// Events of a user other than requests.
#[derive(Debug)]
pub enum UserEvent<'a> {
    /// A step list starts: `on_start`, a task, `on_stop`.
    Section(&'a str),
    /// A variable was set.
    Set(&'a str, &'a Value),
    /// A step was skipped because its `when` is false.
    Skipped(&'a str),
    /// An `if` was evaluated.
    Chosen {
        /// True for `then`, false for `else`.
        then: bool,
    },
    /// A loop starts a pass.
    Pass {
        /// The key of the loop.
        word: &'static str,
        /// Number of the pass, from 1.
        number: u32,
        /// Total number of passes, if known.
        of: Option<u32>,
    },
    /// A flow starts.
    Call(&'a str),
    /// A wait, with its length in a run; a trial shortens it to [`LONGEST_WAIT`].
    Wait(Duration),
    /// A log line, masked.
    Log(&'a str),
    /// A `stop` step.
    Stop(StopScope),
    /// A step failed without a request.
    Exception {
        /// Position in the scenario.
        place: &'a str,
        /// The error, masked.
        message: &'a str,
    },
}
