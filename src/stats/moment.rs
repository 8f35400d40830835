//! The state of the engine, as part of a snapshot.

use std::time::{Duration, SystemTime};

use super::snapshot::{Health, RunState};

/// State of the engine at the time of a snapshot.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Run time, pauses excluded.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// State of the run.
    pub state: RunState,
    /// Target number of users.
    pub target: u32,
    /// Spawn rate in users per second.
    pub spawn_rate: f64,
    /// Integral of users over time, in user-hours.
    pub vu_hours: f64,
    /// Process-wide signals; the aggregator adds timer lag and schedule delay and sets the level.
    pub health: Health,
}
