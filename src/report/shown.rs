//! Formatting of figures, the same in all reports.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::stats::Snapshot;
use crate::stats::snapshot::{ExceptionRow, Figures, Health, Judged, Judgement, Level, Row};
use crate::store::Run;
use crate::units;
pub(super) use crate::units::millis;

/// Placeholder if there is no value.
pub(super) const NONE: &str = "–";

/// `0.32 %`.
pub(super) fn percent(ratio: f64) -> String {
    units::percent(ratio, 2)
}

/// A ratio with one decimal: `12.3 %`.
pub(super) fn tenth(ratio: f64) -> String {
    units::percent(ratio, 1)
}

/// A response time; a dash where no request got a response. The time until a connection was refused is none.
pub(super) fn time(responses: u64, time: Duration) -> String {
    if responses == 0 { NONE.to_owned() } else { units::latency(time) }
}

/// The same in whole milliseconds, as in Locust's tables.
pub(super) fn whole_millis(responses: u64, time: Duration) -> String {
    if responses == 0 { NONE.to_owned() } else { units::whole_millis(time) }
}

/// An error of the scenario with its place.
pub(super) fn exception(row: &ExceptionRow) -> String {
    if row.place.is_empty() { row.message.to_string() } else { format!("{}: {}", row.place, row.message) }
}

/// `4 (0.32 %)`; a bare `0` where nothing failed.
pub(super) fn failed(figures: &Figures) -> String {
    match figures.failures {
        0 => "0".to_owned(),
        failures => format!("{} ({})", units::count(failures), percent(figures.fail_ratio())),
    }
}

/// Key figures of a row: requests, failed, requests per second, p50, p95, p99, max.
pub(super) fn key_figures(figures: &Figures) -> [String; 7] {
    let times = &figures.response;
    let time = |of| time(figures.responses, of);
    [
        units::count(figures.requests),
        failed(figures),
        units::rate(figures.rps),
        time(times.median()),
        time(times.p(95.0)),
        time(times.p(99.0)),
        time(times.max),
    ]
}

/// Names of the [`key_figures`].
pub(super) const KEY_FIGURES: [&str; 7] = ["requests", "failed", "req/s", "p50", "p95", "p99", "max"];

/// The verb of a count.
pub(super) fn was(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

/// The key figures in a sentence.
pub(super) fn sentence(figures: &Figures) -> String {
    let [_, failed, rate, p50, p95, p99, max] = key_figures(figures);
    let requests = units::counted(figures.requests, "request");
    format!("{requests}, {failed} failed, {rate}/s, p50 {p50}, p95 {p95}, p99 {p99}, max {max}")
}

/// Maximum number of users during the run.
pub(super) fn peak_users(run: &Run) -> u32 {
    let load = &run.last.load;
    run.seconds.iter().map(|second| second.users).max().unwrap_or(0).max(load.users).max(load.most_users)
}

/// VU-hours: `0.012`, `3.400`, as the output of a run and the list of usage have them.
pub(super) fn vu_hours(hours: f64) -> String {
    format!("{hours:.3}")
}

/// `2026-11-27 01:42:03 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Wall-clock time as a timestamp; the epoch if it is out of range.
pub(super) fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// State of a threshold in one word.
pub(super) fn judged(judgement: &Judgement) -> &'static str {
    match (&judgement.judged, judgement.warn) {
        (Judged::Passes, _) => "passed",
        (Judged::Violated, _) => "violated",
        (Judged::Failed, true) => "warning",
        (Judged::Failed, false) => "failed",
        (Judged::CannotTell(_), _) => "cannot tell",
    }
}

/// State of a threshold, for its symbol and color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThresholdState {
    Passed,
    /// Failed with `warn`, or fails now in a run that goes on.
    Warning,
    Failed,
    /// Could not be evaluated.
    Unknown,
}

/// State of a threshold.
pub(super) fn state(judgement: &Judgement) -> ThresholdState {
    match (&judgement.judged, judgement.warn) {
        (Judged::Passes, _) => ThresholdState::Passed,
        (Judged::Violated, _) | (Judged::Failed, true) => ThresholdState::Warning,
        (Judged::Failed, false) => ThresholdState::Failed,
        (Judged::CannotTell(_), _) => ThresholdState::Unknown,
    }
}

/// Measured value of a threshold, or why it could not be evaluated.
pub(super) fn measured(judgement: &Judgement) -> String {
    match (&judgement.judged, &judgement.value) {
        (Judged::CannotTell(why), _) => why.to_string(),
        (_, Some(value)) => value.to_string(),
        (_, None) => NONE.to_owned(),
    }
}

/// Margin to the limit: `+70.0 %`, `-4.2 %`.
pub(super) fn margin(judgement: &Judgement) -> String {
    let sign = |margin: f64| if margin < 0.0 { "" } else { "+" };
    judgement.margin.map_or_else(|| NONE.to_owned(), |margin| format!("{}{}", sign(margin), tenth(margin)))
}

/// Ratio of the time in which a threshold was met: `98.3 % of 02:00`.
pub(super) fn compliance(judgement: &Judgement) -> String {
    let (met, of) = judgement.compliance;
    if of.is_zero() {
        return NONE.to_owned();
    }
    format!("{} of {}", tenth(met.as_secs_f64() / of.as_secs_f64()), units::clock(of))
}

/// State of a threshold as a sentence.
pub(super) fn stands(judgement: &Judgement) -> String {
    if let Judged::CannotTell(why) = &judgement.judged {
        return format!("cannot be judged: {why}");
    }
    let [measured, margin, met] = [measured(judgement), margin(judgement), compliance(judgement)];
    format!("measured {measured}, margin {margin}, met for {met}")
}

/// Rows sorted by name, like in Locust's tables.
pub(super) fn by_name(snapshot: &Snapshot) -> Vec<&Row> {
    let mut rows: Vec<&Row> = snapshot.endpoints.iter().collect();
    rows.sort_by(|a, b| (&a.name, a.kind.name()).cmp(&(&b.name, b.kind.name())));
    rows
}

/// Health of the load generator, also in the time before: a symbol and a sentence.
pub(super) fn health(snapshot: &Snapshot) -> (&'static str, String) {
    let Health { is_unknown, level, why, red, red_why, .. } = &snapshot.health;
    if *is_unknown {
        return ("?", "it is not known whether the generator was healthy".to_owned());
    }
    let because = |why: &Option<Arc<str>>| why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
    let why = because(why);
    let was =
        format!("it was the bottleneck for {}{}", units::plain(Duration::from_secs(red.as_secs())), because(red_why));
    match (level, red.as_secs() > 0) {
        (Level::Green, false) => ("✓", "generator healthy".to_owned()),
        (Level::Green, true) => ("!", format!("generator healthy again, but {was}")),
        (Level::Amber, false) => ("!", format!("generator overloaded{why}")),
        (Level::Amber, true) => ("!", format!("generator overloaded{why}; {was}")),
        (Level::Red, _) => ("✗", format!("the generator itself is the bottleneck{why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::snapshot::{End, RunState};

    #[test]
    fn a_generator_that_was_the_bottleneck_is_named_although_it_is_healthy_again() {
        let mut snapshot = Snapshot::empty(RunState::Done(End::Completed));
        assert_eq!(health(&snapshot), ("✓", "generator healthy".to_owned()));
        snapshot.health.red = Duration::from_millis(31_200);
        snapshot.health.red_why = Some("timers fire late".into());
        let was = "it was the bottleneck for 31s: timers fire late";
        assert_eq!(health(&snapshot), ("!", format!("generator healthy again, but {was}")));
        snapshot.health.level = Level::Amber;
        assert_eq!(health(&snapshot), ("!", format!("generator overloaded; {was}")));
    }
}
