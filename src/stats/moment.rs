//! What a snapshot contains besides statistics.

use std::time::{Duration, SystemTime};

use super::snapshot::{Health, RunState};

/// The state of the engine at the moment of a snapshot.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Run time, pauses excluded.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// State of the run.
    pub state: RunState,
    /// Users wanted.
    pub target: u32,
    /// Users per second.
    pub spawn_rate: f64,
    /// Integral of users over time, in user-hours.
    pub vu_hours: f64,
    /// Process-wide health signals; the aggregator adds timer lag and schedule delay and sets the level.
    pub health: Health,
}
