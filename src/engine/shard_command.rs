//! Commands to a shard, from the supervisor and from other shards.

use std::time::Duration;

use tokio::time::Instant;

/// A command to a shard.
#[derive(Debug, Clone, Copy)]
pub enum ShardCommand {
    /// Sets the number of users over all shards; in an open model, the maximum.
    SetUsers(u32),
    /// Starts the arrivals; the plan's clock started at this time.
    Arrive(Instant),
    /// Starts an iteration that arrived on a shard without a free user.
    Serve(Arrival),
    /// Multiplies the arrival rate by this factor, from this time of the plan on.
    Scale(f64, Duration),
    /// Starts no new iterations.
    Pause,
    /// Ends a pause.
    Resume,
    /// Retires all users, and ends when they have ended.
    Stop,
    /// Aborts all users, and ends.
    Abort,
    /// Resets the statistics: later intervals have this epoch.
    Epoch(u32),
}

/// An iteration that is due.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Index of its class in the plan.
    pub class: usize,
    /// Due time.
    pub due: Instant,
    /// Number of shards that have passed it on.
    pub passed: u32,
}

/// Factor on the planned arrival rate, and time of the plan from which it applies.
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
