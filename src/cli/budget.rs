//! The VU-hours that a run may use: `--vu-budget`.

use crate::scenario::estimate;
use crate::scenario::plan::Plan;

/// VU-hours of a plan, and the smaller number that is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Excess {
    pub planned: f64,
    pub budget: f64,
}

/// What is planned with more VU-hours than allowed. With arrivals, the plan has only the most that may be used: how much
/// it is depends on the target, and the engine stops the run in time.
pub(super) fn excess(plan: &Plan, budget: Option<f64>) -> Option<Excess> {
    let planned = estimate::estimate(plan).vu_hours.filter(|_| !plan.schedule.is_open())?;
    let budget = budget?;
    // Floating point may be a little above a whole number.
    (planned > budget * (1.0 + 1e-9)).then_some(Excess { planned, budget })
}

impl Excess {
    /// The refusal of the run.
    pub fn words(&self) -> String {
        let Self { planned, budget } = *self;
        format!(
            "the run is planned with {} VU-hours, more than --vu-budget {budget}: lower the users or the run time",
            few_digits(planned)
        )
    }
}

/// Three decimals, or for a small number its first digits.
fn few_digits(n: f64) -> String {
    if n >= 0.001 { format!("{n:.3}") } else { format!("{n:.1e}") }
}
