//! The tables that Locust writes, and beside them the service times of requests that have due times.

use std::time::UNIX_EPOCH;

use super::cells::{Record, header, percentiles, text, totals, utc};
use crate::report::shown::by_name;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Cumulative, Figures, Latency, Row};

/// `_stats.csv`: one line an endpoint, and all of them together.
pub(super) fn stats(snapshot: &Snapshot) -> Vec<Record> {
    let columns = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
                   Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    let line = |row: &Row| {
        let Figures { rps, fps, response, .. } = &row.total;
        let mut record = vec![text(row.kind.name()), text(&row.name)];
        record.extend(totals((row.total.requests, row.total.failures, row.total.bytes), response));
        record.extend([format!("{rps:?}"), format!("{fps:?}")]);
        record.extend(percentiles(response));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    std::iter::once(header(columns, true, "")).chain(rows).collect()
}

/// `_service_time.csv`: times from the real send, beside the response times of `_stats.csv`, which count from when a request was due; `None`
/// where no request had a due time.
pub(super) fn service(snapshot: &Snapshot) -> Option<Vec<Record>> {
    let columns = "Type,Name,Request Count,Median Service Time,Average Service Time,Min Service Time,Max Service Time";
    let times = |row: &Row| row.total.service.unwrap_or(row.total.response);
    snapshot.total.total.service.as_ref()?;
    let line = |row: &Row| {
        let (figures, times) = (&row.total, times(row));
        let [requests, _, median, mean, min, max, _] =
            totals((figures.requests, figures.failures, figures.bytes), &times);
        let mut record = vec![text(row.kind.name()), text(&row.name), requests, median, mean, min, max];
        record.extend(percentiles(&times));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    Some(std::iter::once(header(columns, true, "")).chain(rows).collect())
}

/// The first line of `_stats_history.csv`.
pub(super) fn history_head() -> Record {
    header(
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s",
        true,
        "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
         Total Min Response Time,Total Max Response Time,Total Average Content Size",
    )
}

/// Its row of all requests at a second of the wall clock; the percentiles are those of the whole run.
pub(super) fn history_total(at: u64, users: u32, totals: &Cumulative) -> Record {
    let Cumulative { requests, failures, bytes, rps, fps, response } = totals;
    let name = (String::new(), "Aggregated".to_owned());
    history_row((at, users), name, (*rps, *fps), percentiles(response), ((*requests, *failures, *bytes), response))
}

/// Its rows of every endpoint that has requests, and that of all; the percentiles are those of the last ten seconds.
pub(super) fn history_rows(at: u64, users: u32, snapshot: &Snapshot) -> Vec<Record> {
    let rows = by_name(snapshot).into_iter().filter(|row| row.total.requests > 0).chain([&snapshot.total]);
    let line = |row: &Row| {
        let (total, now) = (&row.total, &row.now);
        // Locust writes 0 where nothing ended in the last seconds.
        let is_idle = now.response.count == 0 && total.requests > 0;
        let percentiles = if is_idle { std::array::from_fn(|_| "0".to_owned()) } else { percentiles(&now.response) };
        let name = (text(row.kind.name()), text(&row.name));
        let totals = ((total.requests, total.failures, total.bytes), &total.response);
        history_row((at, users), name, (now.rps, now.fps), percentiles, totals)
    };
    rows.map(line).collect()
}

fn history_row(
    (at, users): (u64, u32),
    (kind, name): (String, String),
    (rps, fps): (f64, f64),
    percentiles: [String; 11],
    (counts, times): ((u64, u64, u64), &Latency),
) -> Record {
    let mut record = vec![at.to_string(), users.to_string(), kind, name, format!("{rps:.6}"), format!("{fps:.6}")];
    record.extend(percentiles);
    record.extend(totals(counts, times));
    record
}

/// `_stats_history.csv` of a run that is over: one line a second, as far as the run still has them.
pub(super) fn history(snapshot: &Snapshot) -> Vec<Record> {
    let start = (snapshot.run.started, 0, Cumulative::default());
    let rows = snapshot.series.iter().map(|bucket| (bucket.at, bucket.users, bucket.cumulative));
    let mut records = vec![history_head()];
    let mut last = None;
    for (at, users, totals) in std::iter::once(start).chain(rows) {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // Each second has one row, the latest; a clock that is set back does not take the rows back with it.
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
