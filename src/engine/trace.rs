//! What a user does, shown to an [`Observer`] as it happens; only a trial has one.

use std::time::Duration;

use minijinja::Value;

use crate::protocol::http::Watch;
use crate::protocol::redis::watch as of_redis;
use crate::scenario::plan::StopScope;

/// Longer pauses are cut to this.
pub const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Most events of a subscription.
pub const MOST_EVENTS: u32 = 3;
/// Longest that is waited for the events of a subscription after the first one.
pub const LONGEST_LISTENING: Duration = Duration::from_secs(5);

/// Somebody who looks at all that a user does.
pub trait Observer: Watch + of_redis::Watch {
    /// A step has been done or left out.
    fn note(&self, event: &Event<'_>);
}

/// What a user does besides requests.
#[derive(Debug)]
pub enum Event<'a> {
    /// A list of steps begins: `on_start`, a task, `on_stop`.
    Section(&'a str),
    /// A request begins that a run counts as one, whatever is sent for it; the method and the name of its row.
    Request(&'a str),
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
    /// The server has acknowledged the connection of a GraphQL subscription.
    Acknowledged {
        /// The payload of `connection_init`.
        params: Option<&'a [u8]>,
        /// From the opening handshake.
        after: Duration,
    },
    /// A GraphQL subscription is asked for.
    Subscribed {
        /// The name of its row.
        name: &'a str,
        /// The payload of `subscribe`.
        payload: &'a [u8],
    },
    /// An event of a GraphQL subscription has come.
    Received {
        /// From 1.
        number: u32,
        /// As it stands.
        payload: &'a str,
        /// Since the event before, or since the subscription.
        after: Duration,
    },
    /// A GraphQL subscription is over.
    Listened {
        /// `complete`, `error` or `broken`; anything else when the user left it.
        how: &'static str,
        /// How many have come.
        events: u32,
        /// Since the subscription.
        length: Duration,
    },
    /// A step failed without a request.
    Exception {
        /// Where.
        place: &'a str,
        /// What happened, masked.
        message: &'a str,
    },
}
