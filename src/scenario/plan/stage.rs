//! The stages of a load.

use std::sync::Arc;
use std::time::Duration;

/// A part of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Name as written, else `stage 1`, `stage 2`, …; empty for a plan without stages.
    pub name: Arc<str>,
    /// Its length; `None`, possible only for the last one, goes on until stopped.
    pub duration: Option<Duration>,
    /// Where the level goes.
    pub goal: Goal,
    /// Nothing in it counts, neither in the statistics nor for thresholds.
    pub warm_up: bool,
}

/// Where a stage takes the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Users, started or retired one at a time.
    Users {
        /// At the end of the way.
        users: u32,
        /// How fast.
        slope: Slope,
    },
    /// Arrivals per second, reached evenly within `ramp`; a stage that is shorter ends on the way.
    Rate {
        /// At the end of the way.
        rate: f64,
        /// Length of the way; zero changes at once.
        ramp: Duration,
    },
}

/// How fast the number of users changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slope {
    /// Users per second.
    PerSecond(f64),
    /// Evenly within this time: the length of the stage as written, whatever ends the run sooner.
    Within(Duration),
}
