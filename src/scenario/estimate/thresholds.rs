//! Describes a threshold: condition, requests, period, and effect of a failure.

use std::time::Duration;

use crate::scenario::plan::{Check, EndpointId, Metric, Plan, Source, Target, Threshold};
use crate::units;

/// A note for each threshold that cannot fail, or cannot be evaluated, because the run is too short.
pub fn too_long(plan: &Plan) -> impl Iterator<Item = String> {
    plan.thresholds.iter().filter_map(|threshold| {
        let Threshold { over, hold, words, place, .. } = threshold;
        if let Some((_, stage)) = &threshold.stage {
            let why = match threshold.stage_of(plan.schedule.stages()) {
                None => Some(format!("the run ends before its stage {stage}")),
                Some(found) if found.warm_up => Some(format!("its stage {stage} is a warm-up")),
                Some(_) => None,
            };
            if let Some(why) = why {
                return Some(format!("{place}: `{words}` cannot be evaluated: {why}"));
            }
        }
        let time = measured(plan, threshold)?;
        let of = if threshold.stage.is_some() { "the stage" } else { "the run" };
        let shorter = |key: &str, length: Duration, so: &str| {
            let (length, time) = (units::plain(length), units::plain(time));
            format!("{place}: `{words}` {so}: `{key}: {length}` is longer than {of}, of which {time} count")
        };
        match *over {
            Some(window) if window > time => Some(shorter("over", window, "cannot be evaluated")),
            _ if *hold > time => Some(shorter("for", *hold, "cannot fail")),
            _ => None,
        }
    })
}

/// A note for each threshold of which nothing is measured in this run.
pub fn unmeasured(plan: &Plan) -> impl Iterator<Item = String> {
    plan.thresholds.iter().filter_map(|threshold| {
        let Threshold { words, place, checks, on, .. } = threshold;
        let what = checks.iter().find_map(|check| lacks(plan, check, on.as_ref()))?;
        Some(format!("{place}: `{words}` cannot be evaluated: {what}"))
    })
}

/// What a check needs and the run does not have.
fn lacks(plan: &Plan, check: &Check, on: Option<&Target>) -> Option<&'static str> {
    let (source, what) = match (check.source, check.metric) {
        (Source::RedisServer | Source::Generator, _) | (_, Metric::Dropped | Metric::Exceptions) => return None,
        (Source::ScheduleDelay, _) => {
            let is_due = plan.schedule.is_open() || plan.classes.iter().any(|class| class.wait.is_planned());
            return (!is_due).then_some("nothing in this run has a due time; `arrivals` and constant_pacing do");
        }
        // Lost are messages, and only subscribers that measure deliveries know of them.
        (_, Metric::LostRatio) => (Source::Delivery, "no subscription of this run measures deliveries"),
        (Source::Http, _) => (Source::Http, "this run has no HTTP requests"),
        (Source::Graphql, _) => (Source::Graphql, "this run has no GraphQL requests"),
        (Source::Redis, _) => (Source::Redis, "this run has no Redis commands"),
        (Source::Delivery, _) => (Source::Delivery, "no subscription of this run measures deliveries"),
        (Source::All, _) => (Source::All, "this run leaves out its requests"),
    };
    let is_measured = |id: u32| plan.endpoints.get(id as usize).is_some_and(|row| source.includes(&row.kind));
    let is_any = match on {
        Some(target) => target.endpoints().iter().any(|id| is_measured(id.0)),
        None => source == Source::All || (0u32..).zip(&plan.endpoints).any(|(id, _)| is_measured(id)),
    };
    (!is_any).then_some(what)
}

/// The time that counts for a threshold; `None` if it has no planned end.
fn measured(plan: &Plan, threshold: &Threshold) -> Option<Duration> {
    if let Some(stage) = threshold.stage_of(plan.schedule.stages()) {
        return stage.duration;
    }
    let warm = plan.schedule.stages().iter().filter(|stage| stage.warm_up).filter_map(|stage| stage.duration);
    Some(plan.schedule.length()?.saturating_sub(plan.schedule.warm_up()).saturating_sub(warm.sum()))
}

/// A threshold in one line: `p95 < 300ms, of POST /checkout, over the last 30s at any time`.
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
    if let Some((_, stage)) = &threshold.stage {
        parts.push(format!("in stage {stage}"));
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
