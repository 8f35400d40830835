//! Sentences on what the rows of the tables do not show.

use super::redis::redis;
use crate::report::shown::was;
use crate::stats::snapshot::{Arrivals, Row};
use crate::stats::{Remarks, Snapshot};
use crate::units;

/// Printed before and after a run with [`is_insecure`](crate::stats::snapshot::RunInfo::is_insecure).
pub const INSECURE: &str = "TLS certificates are not verified (tls.insecure)";

/// Maximum rows named in a remark.
const REMARK_ROWS: usize = 5;

/// Counts that are not in the rows, one sentence each: iterations that did not start, tasks that ended early, requests
/// of a warm-up, retried requests, undelivered messages.
pub fn left_out(snapshot: &Snapshot) -> Vec<String> {
    let plan = &snapshot.plan;
    let mut out = Vec::new();
    if plan.arrivals.dropped > 0 {
        let Arrivals { dropped, started } = plan.arrivals;
        let (was, were) = (was(dropped), was(started));
        let (dropped, started) = (units::counted(dropped, "iteration"), units::count(started));
        out.push(format!("{dropped} {was} dropped because no user was free; {started} {were} started"));
    }
    if plan.unfinished > 0 {
        let tasks = units::counted(plan.unfinished, "task");
        out.push(format!("{tasks} ended early because users had to leave: the remaining steps were not run"));
    }
    if plan.left_out > 0 {
        let are = if plan.left_out == 1 { "is" } else { "are" };
        out.push(format!("{} of the warm-up {are} in no row", units::counted(plan.left_out, "request")));
    }
    let blocked = snapshot.health.blocked;
    if blocked.count > 0 {
        let (count, longest) = (units::count(blocked.count), units::latency(blocked.longest));
        let times = if blocked.count == 1 { "once" } else { &format!("{count} times") };
        out.push(format!("load threads were blocked {times}, for up to {longest}: times measured then are their own"));
    }
    if plan.warm_up && !snapshot.state.is_done() {
        out.push("warm-up: what is measured now does not count".to_owned());
    }
    out.extend(remarks(snapshot));
    out.extend(redis(snapshot));
    out
}

/// Oddities of successful responses, one sentence per kind with the rows that had most of it.
fn remarks(snapshot: &Snapshot) -> Vec<String> {
    let sentence = |of: fn(&Remarks) -> u64, one: &str, many: &str| {
        let mut rows: Vec<(u64, &Row)> = snapshot
            .remarks
            .iter()
            .filter_map(|(row, remarks)| Some((of(remarks), snapshot.endpoints.get(*row as usize)?)))
            .filter(|(count, _)| *count > 0)
            .collect();
        rows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let total: u64 = rows.iter().map(|(count, _)| count).sum();
        let named = rows.iter().take(REMARK_ROWS);
        let mut named: Vec<String> =
            named.map(|(count, row)| format!("{} {} {}", row.kind, row.name, units::count(*count))).collect();
        if rows.len() > REMARK_ROWS {
            named.push("…".to_owned());
        }
        let words = if total == 1 { one } else { many };
        (total > 0).then(|| format!("{} {words}: {}", units::count(total), named.join(", ")))
    };
    let all = [
        sentence(
            |remarks| remarks.sent_again,
            "request was sent again on a new connection",
            "requests were sent again on new connections",
        ),
        sentence(
            |remarks| remarks.unclosed,
            "response ended with a TLS connection that was not closed properly",
            "responses ended with a TLS connection that was not closed properly",
        ),
        sentence(
            |remarks| remarks.ignored_lines,
            "invalid header line was ignored",
            "invalid header lines were ignored",
        ),
        sentence(
            |remarks| remarks.unknown_codings,
            "response has an unknown content-encoding and was not decompressed",
            "responses have an unknown content-encoding and were not decompressed",
        ),
        sentence(
            |remarks| remarks.withheld_headers,
            "redirect led to another origin, where headers with credentials were not sent",
            "redirects led to another origin, where headers with credentials were not sent",
        ),
        sentence(
            |remarks| remarks.forwarded_bodies,
            "redirect led to another origin, where the body was sent too",
            "redirects led to another origin, where the body was sent too",
        ),
        sentence(
            |remarks| remarks.unknown_hashes,
            "persisted query was not known to the server and sent again with its text",
            "persisted queries were not known to the server and sent again with their text",
        ),
        sentence(
            |remarks| remarks.refused_hashes,
            "persisted query was refused by a server that does not support them, and sent again as text",
            "persisted queries were refused by a server that does not support them, and sent again as text",
        ),
        sentence(
            |remarks| remarks.redirects,
            "command was sent on to another node of the cluster (MOVED or ASK)",
            "commands were sent on to another node of the cluster (MOVED or ASK)",
        ),
    ];
    all.into_iter().flatten().collect()
}

/// Drift of the figures in a run of more than ten minutes, one line each; empty in shorter runs.
pub fn stability(snapshot: &Snapshot) -> Vec<String> {
    snapshot.drifts.iter().map(|drift| drift.words.to_string()).collect()
}
