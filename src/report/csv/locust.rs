//! Locust's tables, and service times of requests with due times.

use std::time::UNIX_EPOCH;

use super::cells::{Record, header, percentiles, text, totals, utc};
use crate::report::shown::by_name;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Cumulative, Figures, Row};

/// `_stats.csv`: one line per endpoint, and the totals.
pub(super) fn stats(snapshot: &Snapshot) -> Vec<Record> {
    let columns = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
                   Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    let line = |row: &Row| {
        let Figures { rps, fps, response, .. } = &row.total;
        let mut record = vec![text(row.kind.name()), text(&row.name)];
        record.extend(totals(row.total.requests, row.total.failures, row.total.bytes, response));
        record.extend([format!("{rps:?}"), format!("{fps:?}")]);
        record.extend(percentiles(response));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    std::iter::once(header(columns, true, "")).chain(rows).collect()
}

/// `_service_time.csv`: times measured from the send time. Response times in `_stats.csv` are measured from the due
/// time. `None` if no request has a due time.
pub(super) fn service(snapshot: &Snapshot) -> Option<Vec<Record>> {
    let columns = "Type,Name,Request Count,Median Service Time,Average Service Time,Min Service Time,Max Service Time";
    let times = |row: &Row| row.total.service.unwrap_or(row.total.response);
    snapshot.total.total.service.as_ref()?;
    let line = |row: &Row| {
        let (figures, times) = (&row.total, times(row));
        let [requests, _, median, mean, min, max, _] =
            totals(figures.requests, figures.failures, figures.bytes, &times);
        let mut record = vec![text(row.kind.name()), text(&row.name), requests, median, mean, min, max];
        record.extend(percentiles(&times));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    Some(std::iter::once(header(columns, true, "")).chain(rows).collect())
}

/// Header of `_stats_history.csv`.
pub(super) fn history_head() -> Record {
    header(
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s",
        true,
        "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
         Total Min Response Time,Total Max Response Time,Total Average Content Size",
    )
}

/// Row of the totals for a wall-clock second; the percentiles are of the whole run.
pub(super) fn history_total(at: u64, users: u32, totals: &Cumulative) -> Record {
    let Cumulative { requests, failures, bytes, rps, fps, response } = totals;
    let row = HistoryRow {
        at,
        users,
        kind: String::new(),
        name: "Aggregated".to_owned(),
        rps: *rps,
        fps: *fps,
        percentiles: percentiles(response),
        totals: self::totals(*requests, *failures, *bytes, response),
    };
    row.record()
}

/// Rows of all endpoints with requests, and of the totals; the percentiles are of the last ten seconds.
pub(super) fn history_rows(at: u64, users: u32, snapshot: &Snapshot) -> Vec<Record> {
    let rows = by_name(snapshot).into_iter().filter(|row| row.total.requests > 0).chain([&snapshot.total]);
    let line = |row: &Row| {
        let (total, now) = (&row.total, &row.now);
        // Locust writes 0 if no request ended in the last ten seconds.
        let is_idle = now.response.count == 0 && total.requests > 0;
        let percentiles = if is_idle { std::array::from_fn(|_| "0".to_owned()) } else { percentiles(&now.response) };
        let row = HistoryRow {
            at,
            users,
            kind: text(row.kind.name()),
            name: text(&row.name),
            rps: now.rps,
            fps: now.fps,
            percentiles,
            totals: totals(total.requests, total.failures, total.bytes, &total.response),
        };
        row.record()
    };
    rows.map(line).collect()
}

/// A row of `_stats_history.csv`.
struct HistoryRow {
    /// Wall clock in seconds since 1970.
    at: u64,
    users: u32,
    kind: String,
    name: String,
    rps: f64,
    fps: f64,
    percentiles: [String; 11],
    totals: [String; 7],
}

impl HistoryRow {
    fn record(self) -> Record {
        let Self { at, users, kind, name, rps, fps, percentiles, totals } = self;
        let mut record = vec![at.to_string(), users.to_string(), kind, name, format!("{rps:.6}"), format!("{fps:.6}")];
        record.extend(percentiles);
        record.extend(totals);
        record
    }
}

/// `_stats_history.csv` of a finished run: one line per second that is still in memory.
pub(super) fn history(snapshot: &Snapshot) -> Vec<Record> {
    let start = (snapshot.run.started, 0, Cumulative::default());
    let rows = snapshot.series.iter().map(|bucket| (bucket.at, bucket.users, bucket.cumulative));
    let mut records = vec![history_head()];
    let mut last = None;
    for (at, users, totals) in std::iter::once(start).chain(rows) {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // One row per second, the latest; timestamps do not go back if the clock is set back.
        if last == Some(at) {
            records.pop();
        }
        let seconds = last.filter(|before| *before > at).map_or(at, |before| before + 1);
        last = Some(seconds);
        records.push(history_total(seconds, users, &totals));
    }
    records
}

/// `_failures.csv`: failures by endpoint and reason.
pub(super) fn failures(snapshot: &Snapshot) -> Vec<Record> {
    let view = &snapshot.failures;
    let rows = view.rows.iter().map(|row| {
        let times = [utc(row.first), utc(row.last)];
        let [first, last] = times;
        vec![text(row.kind.name()), text(&row.name), text(&row.reason), row.count.to_string(), first, last]
    });
    let more = (view.more_count > 0).then(|| {
        let words = format!("{} more kinds of failures", view.more_kinds);
        vec![String::new(), String::new(), words, view.more_count.to_string(), String::new(), String::new()]
    });
    let head = header("Method,Name,Error,Occurrences,First Seen,Last Seen", false, "");
    std::iter::once(head).chain(rows).chain(more).collect()
}

/// `_exceptions.csv`: errors in the scenario itself.
pub(super) fn exceptions(snapshot: &Snapshot) -> Vec<Record> {
    let rows = snapshot.exceptions.iter();
    let rows = rows.map(|row| vec![row.count.to_string(), text(&row.message), text(&row.place), "local".to_owned()]);
    std::iter::once(header("Count,Message,Traceback,Nodes", false, "")).chain(rows).collect()
}
