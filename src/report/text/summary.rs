//! The summary that remains on the terminal after quitting.

use super::cells::lines;
use super::remarks::{INSECURE, left_out, stability};
use super::traces::traces;
use crate::report::standing::Standing;
use crate::report::{shown, silence};
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Latency, RunState};
use crate::store::{Meta, Run};
use crate::units;
use crate::verdict::Verdict;

/// Maximum failures in the summary.
const SUMMARY_FAILURES: usize = 5;

/// The summary printed after the full-screen view closes: scenario, host, users, time, VU-hours, verdict, totals, the
/// most frequent failures, and requests that were not counted.
pub fn summary(snapshot: &Snapshot, verdict: &Verdict, width: usize) -> String {
    whole(None, snapshot, verdict, width)
}

/// The same of a run whose plan is known: with the arrivals of an open model.
pub fn summary_of(meta: &Meta, snapshot: &Snapshot, verdict: &Verdict, width: usize) -> String {
    whole(planned(meta), snapshot, verdict, width)
}

fn whole(planned: Option<String>, snapshot: &Snapshot, verdict: &Verdict, width: usize) -> String {
    let verdict = super::verdict::verdict(snapshot, verdict, width);
    figures(snapshot, planned, verdict.lines().map(str::to_owned).chain([String::new()]), width)
}

/// The plan of an open model, in which the number of users follows from the responses.
pub(super) fn planned(meta: &Meta) -> Option<String> {
    meta.arrivals_shown().map(|arrivals| format!("planned: arrivals {arrivals}"))
}

/// The summary of a recorded run. One that did not come to its end, or was not recorded whole, is what the figures are of,
/// whatever the verdict on them would be.
pub fn recorded(run: &Run, verdict: &Verdict, width: usize) -> String {
    if run.is_whole() {
        return summary_of(&run.meta, &run.last, verdict, width);
    }
    let Standing { word, reason, .. } = &Standing::of(run);
    let said = format!("{} {word}: {reason}", Standing::of(run).sign());
    let verdict = super::verdict::with_thresholds(&run.last, &said, width);
    figures(&run.last, planned(&run.meta), verdict.lines().map(str::to_owned).chain([String::new()]), width)
}

/// The summary with other lines about the verdict.
pub(super) fn figures(
    snapshot: &Snapshot,
    planned: Option<String>,
    verdict: impl IntoIterator<Item = String>,
    width: usize,
) -> String {
    let load = &snapshot.load;
    let users = snapshot.series.iter().map(|b| b.users).max().unwrap_or(0).max(load.users).max(load.most_users);
    let users = units::counted(users.into(), "user");
    let s = snapshot.elapsed.as_secs();
    let time = if s < 60 { format!("{s}s") } else { format!("{}m {:02}s", s / 60, s % 60) };
    let vu = shown::vu_hours(snapshot.load.vu_hours);
    let run = &snapshot.run;
    let mut out = vec![format!(" {}   {}   {users}   {time}   {vu} VU-hours", run.scenario, run.host)];
    // Never truncated: its last words are the limit of users.
    out.extend(planned.iter().flat_map(|words| silence::wrap(words, width)));
    if snapshot.state == RunState::Done(End::Broken) {
        out.push(" ! the load generator broke down: these figures are incomplete".to_owned());
    }
    out.extend(silence::lines(snapshot, width));
    out.push(String::new());
    out.extend(verdict);
    out.push(format!(
        "{:>9} {:>7} {:>8} {:>7} {:>7} {:>7} {:>7}",
        "Requests", "Failed", "Req/s", "p50", "p95", "p99", "max"
    ));
    let t = &snapshot.total.total;
    let (n, f) = (units::count(t.requests), units::count(t.failures));
    out.push(format!("{n:>9} {f:>7} {:>8} {}", units::rate(t.rps), latencies(t.responses, &t.response)));
    if let Some(service) = t.service.as_ref().filter(|s| s.percentiles != t.response.percentiles) {
        out.push(format!("{:>26} {}", "service time", latencies(t.responses, service)));
    }
    out.push(String::new());
    let (sign, words) = shown::health(snapshot);
    out.push(format!(" {sign} {words}"));
    if snapshot.run.is_insecure {
        out.push(format!(" ! {INSECURE}"));
    }
    out.extend(left_out(snapshot).into_iter().map(|words| format!(" ! {words}")));
    out.extend(stability(snapshot).into_iter().map(|words| format!("   {words}")));
    let view = &snapshot.failures;
    if !view.rows.is_empty() {
        out.push(String::new());
    }
    for row in view.rows.iter().take(SUMMARY_FAILURES) {
        out.push(format!("{:>6}×  {} {}   {}", units::count(row.count), row.kind, row.name, row.reason));
    }
    let more = view.rows.len().saturating_sub(SUMMARY_FAILURES) as u64 + view.more_kinds;
    if more > 0 {
        out.push(format!("         and {}", units::counted(more, "more kind")));
    }
    let errors = &snapshot.exceptions;
    if !errors.is_empty() {
        out.push(String::new());
    }
    for row in errors.iter().take(SUMMARY_FAILURES) {
        out.push(format!("{:>6}×  {}", units::count(row.count), shown::exception(row)));
    }
    if errors.len() > SUMMARY_FAILURES {
        out.push(format!("         and {} more errors", units::count((errors.len() - SUMMARY_FAILURES) as u64)));
    }
    let slowest = traces(snapshot);
    if !slowest.is_empty() {
        out.push(String::new());
    }
    // Not truncated: a part of a link leads nowhere.
    lines(out.into_iter(), width) + &slowest.iter().map(|line| format!(" {line}\n")).collect::<String>()
}

/// The response times of the whole run on one line, each in a suitable unit: the tables have only whole milliseconds,
/// as Locust's do. Empty without a response.
pub fn response_times(snapshot: &Snapshot) -> String {
    let total = &snapshot.total.total;
    let times = &total.response;
    if total.responses == 0 {
        return String::new();
    }
    let named = [("p50", times.median()), ("p95", times.p(95.0)), ("p99", times.p(99.0)), ("max", times.max)];
    let parts = named.map(|(name, time)| format!("{name} {}", units::latency(time)));
    format!("Response times: {}\n", parts.join(", "))
}

fn latencies(responses: u64, times: &Latency) -> String {
    let text = |of| shown::time(responses, of);
    format!("{:>7} {:>7} {:>7} {:>7}", text(times.median()), text(times.p(95.0)), text(times.p(99.0)), text(times.max))
}
