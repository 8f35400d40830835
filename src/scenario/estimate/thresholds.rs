//! Describes a threshold: condition, requests, period, and effect of a failure.

use crate::scenario::plan::{EndpointId, Plan, Target, Threshold};
use crate::units;

/// One-line description: `p95 < 300ms, of POST /checkout, over the last 30s at any time`.
pub fn words(plan: &Plan, threshold: &Threshold) -> String {
    let mut parts = vec![threshold.words.to_string()];
    match &threshold.on {
        None => {}
        Some(Target::Tags(tags, _)) => parts.push(format!("of requests with the tag {}", tags.join(" or "))),
        Some(Target::Endpoints(rows)) if rows.is_empty() => {
            parts.push("of requests that this run leaves out".to_owned())
        }
        Some(Target::Endpoints(rows)) => {
            let row =
                |id: &EndpointId| plan.endpoints.get(id.0 as usize).map(|row| format!("{} {}", row.kind, row.name));
            parts.push(format!("of {}", rows.iter().filter_map(row).collect::<Vec<_>>().join(" or ")));
        }
    }
    if let Some(stage) = threshold.stage_of(plan.schedule.stages()) {
        parts.push(format!("in stage {}", stage.name));
    }
    if let Some(window) = threshold.over {
        parts.push(format!("over the last {} at any time", units::plain(window)));
    }
    if !threshold.hold.is_zero() {
        parts.push(format!("fails after not passing for {}", units::plain(threshold.hold)));
    }
    if threshold.abort {
        parts.push("a failure stops the run".to_owned());
    }
    if threshold.warn {
        parts.push("a failure is only reported".to_owned());
    }
    parts.join(", ")
}
