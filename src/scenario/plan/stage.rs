//! Stages of a load.

use std::sync::Arc;
use std::time::Duration;

/// A stage of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Name as written, or `stage 1`, `stage 2`, …; empty in a plan without stages.
    pub name: Arc<str>,
    /// Length; `None`, only for the last stage: until stopped.
    pub duration: Option<Duration>,
    /// Goal of the level.
    pub goal: Goal,
    /// Warm-up: not counted in statistics and thresholds.
    pub warm_up: bool,
}

/// Goal of a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Users, started or stopped one at a time.
    Users {
        /// Number at the end.
        users: u32,
        /// Rate of change.
        slope: Slope,
    },
    /// Arrivals per second, changed evenly within `ramp`; a shorter stage ends before its goal.
    Rate {
        /// Rate at the end.
        rate: f64,
        /// Duration of the change; zero changes immediately.
        ramp: Duration,
    },
}

/// Rate of change of the number of users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slope {
    /// Users per second.
    PerSecond(f64),
    /// Evenly within this time: the length of the stage as written, even if the run ends earlier.
    Within(Duration),
}
