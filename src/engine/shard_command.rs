//! What the supervisor, and other shards, send to a shard.

use std::time::Duration;

use tokio::time::Instant;

/// What the supervisor tells a shard.
#[derive(Debug, Clone, Copy)]
pub enum ShardCommand {
    /// There shall be so many users on all shards together; hold the share of this one. In an open run: at most.
    Hold(u32),
    /// Iterations arrive by the plan, whose clock began then.
    Arrive(Instant),
    /// One that has arrived on a shard where nobody was free.
    Serve(Arrival),
    /// From this moment of the plan on, so many times as many iterations arrive.
    Scale(f64, Duration),
    /// Hold new iterations.
    Pause,
    /// Go on.
    Resume,
    /// Retire every user, and end when the last is gone.
    Stop,
    /// Abort whatever still runs, and end.
    Cut,
    /// Start the statistics anew, with this number.
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

/// How many times as many iterations arrive as planned, and since which moment of the plan.
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
