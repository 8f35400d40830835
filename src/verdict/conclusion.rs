//! How a run is to be taken as a whole, and why.

use std::time::Duration;

use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Judged, Judgement, RunState};
use crate::units;

/// How a run is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing speaks against it.
    Passed,
    /// Requests failed, or the scenario raised errors, in a run without thresholds.
    RequestsFailed,
    /// Too little was measured to judge a threshold.
    CannotTell,
    /// A threshold failed.
    ThresholdFailed,
    /// The load generator was the bottleneck: the figures are not the server's.
    Invalid,
    /// The load generator died.
    Broken,
}

impl Conclusion {
    /// One word, for files.
    pub fn word(self) -> &'static str {
        match self {
            Conclusion::Passed => "passed",
            Conclusion::RequestsFailed | Conclusion::ThresholdFailed => "failed",
            Conclusion::CannotTell => "undecided",
            Conclusion::Invalid => "invalid",
            Conclusion::Broken => "broken",
        }
    }
}

/// A conclusion and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How the run is to be taken.
    pub conclusion: Conclusion,
    /// Why, in a sentence without a full stop.
    pub reason: String,
}

/// The shortest time for which the load generator must have been the bottleneck to make a run invalid, and the shortest
/// part of the run: less than that is a hiccup, and the percentiles of a long run do not feel it.
const SUSTAINED: (Duration, f64) = (Duration::from_secs(10), 0.1);

/// Judges a run that is over. The first of these decides: the load generator died; it was the bottleneck; a threshold
/// failed; a threshold cannot be judged; requests failed.
///
/// Failed requests decide only where no threshold does (Locust's rule: a failed request, or an error that the scenario
/// raised; so does an event that failed, which is no request and not among the totals), or where `failures_decide`.
/// Thresholds that only warn decide nothing. A budget of VU-hours that ended the run is part of the reason.
pub fn conclude(last: &Snapshot, failures_decide: bool) -> Verdict {
    let mut verdict = judge(last, failures_decide);
    if last.state == RunState::Done(End::Budget) {
        verdict.reason.push_str("; stopped before its end, because its budget of VU-hours was used up");
    }
    verdict
}

fn judge(last: &Snapshot, failures_decide: bool) -> Verdict {
    let verdict = |conclusion, reason| Verdict { conclusion, reason };
    if last.state == RunState::Done(End::Broken) {
        let reason = "a thread of the load generator died, and its figures are missing".to_owned();
        return verdict(Conclusion::Broken, reason);
    }
    if let Some(reason) = bottleneck(last) {
        return verdict(Conclusion::Invalid, reason);
    }
    let deciding: Vec<&Judgement> = last.judgements.iter().filter(|judgement| !judgement.warn).collect();
    let failed: Vec<&Judgement> = deciding.iter().copied().filter(|j| j.judged == Judged::Failed).collect();
    if let Some(first) = failed.first() {
        let value = first.value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        return verdict(Conclusion::ThresholdFailed, format!("{} failed{value}{}", first.words, more(failed.len())));
    }
    let untold = |judgement: &&Judgement| match &judgement.judged {
        Judged::CannotTell(why) => Some((judgement.words.clone(), why.clone())),
        _ => None,
    };
    let unknown: Vec<_> = deciding.iter().filter_map(untold).collect();
    if let Some((words, why)) = unknown.first() {
        let reason = format!("cannot tell whether {words} holds: {why}{}", more(unknown.len()));
        return verdict(Conclusion::CannotTell, reason);
    }
    let failures = failures(last);
    if let Some(reason) = failures.clone().filter(|_| failures_decide || deciding.is_empty()) {
        return verdict(Conclusion::RequestsFailed, reason);
    }
    let passed = match deciding.len() {
        0 => "no request failed".to_owned(),
        1 => format!("{} holds", deciding[0].words),
        all => format!("all {all} thresholds hold"),
    };
    let but = failures.map(|words| format!(", and {words}")).unwrap_or_default();
    verdict(Conclusion::Passed, passed + &but)
}

fn more(all: usize) -> String {
    match all.saturating_sub(1) {
        0 => String::new(),
        1 => ", and one more threshold".to_owned(),
        others => format!(", and {others} more thresholds"),
    }
}

/// Locust's rule, in words.
fn failures(last: &Snapshot) -> Option<String> {
    let total = &last.total.total;
    let errors: u64 = last.exceptions.iter().map(|row| row.count).sum();
    if last.was_never_answered() {
        Some("no request was answered".to_owned())
    } else if total.failures > 0 {
        Some(format!("{} of {} requests failed", units::count(total.failures), units::count(total.requests)))
    } else if errors > 0 {
        Some(format!("the scenario raised {} errors", units::count(errors)))
    } else if !last.failures.rows.is_empty() {
        let events: u64 = last.failures.rows.iter().map(|row| row.count).sum();
        Some(format!("{} events failed", units::count(events)))
    } else {
        None
    }
}

/// Whether, and why, the load generator was the bottleneck for a good part of the run.
fn bottleneck(last: &Snapshot) -> Option<String> {
    let (least, part) = SUSTAINED;
    let red = last.health.red;
    let is_sustained = red >= least && red.as_secs_f64() >= part * last.measured.as_secs_f64();
    is_sustained.then(|| {
        let why = last.health.red_why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        let (red, all) = (units::plain(whole(red)), units::plain(whole(last.measured)));
        format!("the load generator was the bottleneck for {red} of {all}{why}")
    })
}

fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}
