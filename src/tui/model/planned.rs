//! The load that the plan asks for, and values that are being steered away from it.

use std::time::Duration;

use crate::scenario::Plan;
use crate::scenario::plan::{Goal, Slope};

/// What the plan of a run says, however it is steered later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Planned {
    /// Most users at the same time.
    pub users: u32,
    /// Highest spawn rate; of arrivals where iterations arrive.
    pub rate: f64,
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
        Self { users: schedule.peak_users().0, rate, stop_timeout: plan.load.stop_timeout }
    }
}

/// A value being steered: shown at once, sent at once or a moment later.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pending<T> {
    pub wanted: Option<T>,
    pub unsent: bool,
    pub sent_at: Option<Duration>,
}
