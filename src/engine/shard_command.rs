//! Commands from the supervisor, and from other shards, to a shard.

use std::time::Duration;

use tokio::time::Instant;

/// A command to a shard.
#[derive(Debug, Clone, Copy)]
pub enum ShardCommand {
    /// Have this shard's share of this many users on all shards together. In an open run: at most.
    Hold(u32),
    /// Iterations arrive by the plan, whose clock started at this moment.
    Arrive(Instant),
    /// Begin an iteration that arrived on a shard without an idle user.
    Serve(Arrival),
    /// Multiply the arrival rate by this factor, from this moment of the plan on.
    Scale(f64, Duration),
    /// Begin no new iterations.
    Pause,
    /// Begin iterations again.
    Resume,
    /// Retire every user, and end after the last one.
    Stop,
    /// Abort all users, and end.
    Abort,
    /// Reset the statistics: intervals have this number from now on.
    Epoch(u32),
}

/// An iteration that has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its class in the plan.
    pub class: usize,
    /// When it was due.
    pub due: Instant,
    /// How many shards have passed it on.
    pub passed: u32,
}

/// The factor on the planned arrival rate, and the moment of the plan from which it applies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    pub scale: f64,
    pub at: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { scale: 1.0, at: Duration::ZERO }
    }
}
