//! The result of a run as a whole, with the reason.

use std::time::Duration;

use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Judged, Judgement, RunState};
use crate::units;

/// Result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// No threshold failed, and no request failed that counts.
    Passed,
    /// Requests failed, or the scenario raised errors, in a run that is not decided by thresholds.
    RequestsFailed,
    /// Not enough data to evaluate a threshold, or none at all.
    Undecided,
    /// A threshold failed.
    ThresholdFailed,
    /// The load generator was the bottleneck: the figures do not describe the server.
    Invalid,
    /// The load generator crashed.
    Broken,
}

impl Conclusion {
    /// One word for reports. Both kinds of failure are `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Conclusion::Passed => "passed",
            Conclusion::RequestsFailed | Conclusion::ThresholdFailed => "failed",
            Conclusion::Undecided => "undecided",
            Conclusion::Invalid => "invalid",
            Conclusion::Broken => "broken",
        }
    }
}

/// The result and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The result.
    pub conclusion: Conclusion,
    /// The reason: one sentence without a full stop.
    pub reason: String,
}

/// Minimum time, and minimum ratio of the run, for which the load generator must have been the bottleneck to make the
/// run invalid. Shorter overloads hardly change the percentiles of the run.
const SUSTAINED: (Duration, f64) = (Duration::from_secs(10), 0.1);

/// Decides the result of a finished run. The first rule that applies: the load generator crashed; it was the
/// bottleneck; a threshold failed; a threshold cannot be evaluated; requests failed; no thresholds and no requests.
///
/// Failed requests decide only if no threshold does (as in Locust: failed requests and errors raised by the scenario;
/// failed events too, though they are not in the totals), or if `failures_decide` is set. Thresholds with `warn` never
/// decide. A VU-hour budget that ended the run is added to the reason.
pub fn conclude(last: &Snapshot, failures_decide: bool) -> Verdict {
    let mut verdict = judge(last, failures_decide);
    if last.state == RunState::Done(End::Budget) {
        verdict.reason.push_str("; stopped early: the VU-hour budget was used up");
    }
    verdict
}

fn judge(last: &Snapshot, failures_decide: bool) -> Verdict {
    let verdict = |conclusion, reason| Verdict { conclusion, reason };
    if last.state == RunState::Done(End::Broken) {
        let reason = "a thread of the load generator crashed; its figures are missing".to_owned();
        return verdict(Conclusion::Broken, reason);
    }
    if last.state == RunState::Done(End::NotPrefilled) {
        let why = last.plan.prefill.as_ref().and_then(|prefill| prefill.error.as_deref()).unwrap_or("aborted");
        return verdict(Conclusion::Undecided, format!("no user was started, because the prefill failed: {why}"));
    }
    if let Some(reason) = bottleneck(last) {
        return verdict(Conclusion::Invalid, reason);
    }
    let deciding: Vec<&Judgement> = last.judgements.iter().filter(|judgement| !judgement.warn).collect();
    let failed: Vec<&Judgement> = deciding.iter().copied().filter(|j| j.judged == Judged::Failed).collect();
    if let Some(first) = failed.first() {
        let value = first.value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        let reason = format!("{} was not met{value}{}", named(first), more(failed.len()));
        return verdict(Conclusion::ThresholdFailed, reason);
    }
    let undecided = |judgement: &&Judgement| match &judgement.judged {
        Judged::CannotTell(why) => Some((named(judgement), why.clone())),
        _ => None,
    };
    let unknown: Vec<_> = deciding.iter().filter_map(undecided).collect();
    if let Some((words, why)) = unknown.first() {
        // Why nothing was measured explains more than one threshold.
        let reason = unmeasured(last)
            .unwrap_or_else(|| format!("cannot tell whether {words} was met: {why}{}", more(unknown.len())));
        return verdict(Conclusion::Undecided, reason);
    }
    let failures = failures(last);
    if let Some(reason) = failures.clone().filter(|_| failures_decide || deciding.is_empty()) {
        return verdict(Conclusion::RequestsFailed, reason);
    }
    if let Some(reason) = unmeasured(last).filter(|_| deciding.is_empty()) {
        return verdict(Conclusion::Undecided, reason);
    }
    let passed = match deciding.len() {
        0 => "no request failed".to_owned(),
        1 => format!("{} was met", named(deciding[0])),
        all => format!("all {all} thresholds were met"),
    };
    let but = failures.map(|words| format!(", and {words}")).unwrap_or_default();
    verdict(Conclusion::Passed, passed + &but)
}

/// The check, and in parentheses what else the threshold says: `p95 < 30ms (of GET /)`.
fn named(judgement: &Judgement) -> String {
    match judgement.about() {
        "" => judgement.check.to_string(),
        about => format!("{} ({about})", judgement.check),
    }
}

/// Why no request and no message was counted, if none was: then there is nothing to take for a success.
fn unmeasured(last: &Snapshot) -> Option<String> {
    if last.endpoints.iter().chain([&last.total]).any(|row| row.total.requests > 0) {
        return None;
    }
    Some(match (last.plan.warm_up, last.plan.left_out) {
        (true, _) => "the run ended in its warm-up, and nothing was measured".to_owned(),
        // Requests that were sent and got no response are not counted, and neither is what failed before the first one.
        (false, 0) => failures(last).unwrap_or_else(|| "no requests were sent".to_owned()),
        (false, _) => "no requests were measured after the warm-up".to_owned(),
    })
}

fn more(all: usize) -> String {
    match all.saturating_sub(1) {
        0 => String::new(),
        1 => ", and one more threshold".to_owned(),
        others => format!(", and {others} more thresholds"),
    }
}

/// Failures by Locust's rule, in words.
fn failures(last: &Snapshot) -> Option<String> {
    let total = &last.total.total;
    let errors: u64 = last.exceptions.iter().map(|row| row.count).sum();
    if last.was_never_answered() {
        Some("no request got a response".to_owned())
    } else if total.failures > 0 {
        Some(format!("{} of {} requests failed", units::count(total.failures), units::count(total.requests)))
    } else if errors > 0 {
        Some(format!("the scenario raised {}", units::counted(errors, "error")))
    } else if !last.failures.rows.is_empty() {
        let events: u64 = last.failures.rows.iter().map(|row| row.count).sum();
        Some(format!("{} failed", units::counted(events, "event")))
    } else {
        None
    }
}

/// The reason, if the load generator was the bottleneck long enough to make the run invalid.
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
