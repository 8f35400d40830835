//! What a user does, shown to an [`Observer`] as it happens; only a trial has one.

use std::time::Duration;

use minijinja::Value;

use crate::protocol::trace::Trace;
use crate::scenario::plan::StopScope;

/// Longer pauses are shortened to this.
pub const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Receives everything that a user does.
pub trait Observer: Trace {
    /// A step was executed or skipped.
    fn observe(&self, event: &UserEvent<'_>);
}

/// What a user does besides requests.
#[derive(Debug)]
pub enum UserEvent<'a> {
    /// A list of steps begins: `on_start`, a task, `on_stop`.
    Section(&'a str),
    /// A variable has a new value.
    Set(&'a str, &'a Value),
    /// A step was skipped because its `when` is false.
    Skipped(&'a str),
    /// An `if` was evaluated.
    Chosen {
        /// True for `then`, false for `else`.
        then: bool,
    },
    /// A loop begins a pass.
    Pass {
        /// The key of the loop.
        word: &'static str,
        /// The number of the pass, from 1.
        number: u32,
        /// How many passes there will be, if that is known.
        of: Option<u32>,
    },
    /// A flow begins.
    Call(&'a str),
    /// A pause, with its length in a run; a trial shortens it to [`LONGEST_WAIT`].
    Wait(Duration),
    /// A line of the log, masked.
    Log(&'a str),
    /// A `stop`.
    Stop(StopScope),
    /// A step failed without a request.
    Exception {
        /// Where in the scenario.
        place: &'a str,
        /// The error, masked.
        message: &'a str,
    },
}
