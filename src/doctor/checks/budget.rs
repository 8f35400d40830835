//! The planned VU-hours are within `--vu-budget`.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::scenario::estimate;

/// Lines of the budget; none without one.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let (Some(budget), Some(plan)) = (subject.settings.vu_budget, &subject.plan) else { return Vec::new() };
    if let Some(why) = &subject.run_refuses.over_budget {
        return vec![Line::error(why, "Lower the users or the run time, or raise the budget.").fatal()];
    }
    let planned = estimate::estimate(plan).vu_hours;
    vec![Line::ok(match planned {
        Some(planned) if !plan.schedule.is_open() => format!("{planned:.3} of {budget} VU-hours planned"),
        _ => format!("the run is stopped after {budget} VU-hours"),
    })]
}
