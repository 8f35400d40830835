//! The load according to the plan, and pending manual changes.

use std::time::Duration;

use crate::scenario::Plan;
use crate::scenario::plan::{Goal, Slope};

/// Figures of the plan, independent of manual changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Planned {
    /// Maximum concurrent users.
    pub users: u32,
    /// Maximum spawn rate, or arrival rate.
    pub rate: f64,
    /// Number of stages; 0 or 1 without any.
    pub stages: usize,
    pub stop_timeout: Duration,
}

impl Planned {
    pub fn new(plan: &Plan) -> Self {
        let schedule = &plan.schedule;
        let rates = schedule.stages().iter().filter_map(|stage| match stage.goal {
            Goal::Users { slope: Slope::PerSecond(rate), .. } => Some(rate),
            _ => None,
        });
        let rate = if schedule.is_open() { schedule.peak_rate() } else { rates.fold(plan.load.spawn_rate.0, f64::max) };
        let stages = schedule.stages().len();
        Self { users: schedule.peak_users().0, rate, stages, stop_timeout: plan.load.stop_timeout }
    }
}

/// A value changed by keys: shown at once, sent at once or a little later.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pending<T> {
    pub wanted: Option<T>,
    pub unsent: bool,
    pub sent_at: Option<Duration>,
}
