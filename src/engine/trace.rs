//! What a user does, shown to an [`Observer`] as it happens; only a trial has one.

use std::time::Duration;

use minijinja::Value;

use crate::protocol::trace::Trace;
use crate::scenario::plan::StopScope;

/// Longer pauses are cut to this.
pub const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Somebody who looks at all that a user does.
pub trait Observer: Trace {
    /// A step has been done or left out.
    fn observe(&self, event: &UserEvent<'_>);
}

/// What a user does besides requests.
#[derive(Debug)]
pub enum UserEvent<'a> {
    /// A list of steps begins: `on_start`, a task, `on_stop`.
    Section(&'a str),
    /// A variable has a new value.
    Set(&'a str, &'a Value),
    /// A step was left out because its `when` does not hold.
    Skipped(&'a str),
    /// An `if` has chosen.
    Chosen {
        /// `then`, or else `else`.
        then: bool,
    },
    /// A loop begins a pass.
    Pass {
        /// Which kind of loop.
        word: &'static str,
        /// From 1.
        number: u32,
        /// How many there will be, if that is known.
        of: Option<u32>,
    },
    /// A flow begins.
    Call(&'a str),
    /// A pause that would take so long; it is cut to [`LONGEST_WAIT`].
    Wait(Duration),
    /// A line of the log, masked.
    Log(&'a str),
    /// A `stop`.
    Stop(StopScope),
    /// A step failed without a request.
    Exception {
        /// Where.
        place: &'a str,
        /// What happened, masked.
        message: &'a str,
    },
}
