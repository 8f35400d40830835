//! What the supervisor, and other shards, send to a shard.

use std::time::Duration;

use tokio::time::Instant;

/// What the supervisor tells a shard.
#[derive(Debug, Clone, Copy)]
pub enum ShardCommand {
    /// Hold this shard's share of that many users on all shards together. In an open run: at most.
    Hold(u32),
    /// Iterations arrive by the plan, whose clock started at that moment.
    Arrive(Instant),
    /// Begin an iteration that arrived on a shard without an idle user.
    Serve(Arrival),
    /// From this moment of the plan on, multiply the arrival rate by this factor.
    Scale(f64, Duration),
    /// Hold new iterations.
    Pause,
    /// Begin iterations again.
    Resume,
    /// Retire every user, and end after the last one.
    Stop,
    /// Abort whatever still runs, and end.
    Cut,
    /// Reset the statistics, and count from now on under this number.
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
