//! The last snapshot of a run whose `snapshot.json` is lost, as after a power failure: made from the other files, as far
//! as they go.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::error::ReadError;
use super::histograms::{self, RowTimes};
use super::lines;
use super::{Meta, folder};
use crate::row_kind::RowKind;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Bucket, End, FailureRow, FailureView, Figures, Health, LoadView, Row, RunInfo, RunState};
use crate::units;

/// A line of `failures.jsonl`: a kind, or a later count of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum FailureLine {
    New(Box<FailureRow>),
    Again { id: u64, count: u64, last: SystemTime },
}

/// What else is known of the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub folder: &'a Path,
    pub meta: &'a Meta,
    /// The seconds since the last reset; at least one.
    pub seconds: &'a [Bucket],
    /// Run time of the last reset.
    pub reset: Duration,
    /// VU-hours of all seconds.
    pub vu_hours: f64,
}

/// The snapshot, and what it lacks, in words.
pub(super) fn snapshot(known: &Known<'_>) -> Result<(Snapshot, Vec<String>), ReadError> {
    let Known { folder, meta, seconds, reset, vu_hours } = *known;
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else {
        return Err(ReadError::Empty { path: folder.to_owned() });
    };
    let elapsed = last.from.saturating_add(last.length);
    let measured: Duration = seconds.iter().map(|second| second.length).sum();
    let times = histograms::rows(&folder.join(folder::INTERVALS), reset);
    let (failures, gap) = failures(folder, first.at.checked_sub(first.length).unwrap_or(first.at))?;
    let mut gaps: Vec<String> = gap.into_iter().collect();
    gaps.push(format!("the totals are those of {} until {}", folder::SERIES, units::clock(elapsed)));
    gaps.push(match times.rows.is_empty() {
        true => "there are no figures of rows".to_owned(),
        false => format!("the rows are those of {} until {}", folder::INTERVALS, units::clock(times.until)),
    });
    gaps.push("thresholds, connection times and the health of the generator are missing".to_owned());
    let mut total = figures(last.cumulative.requests, last.cumulative.failures, unanswered(&failures, |_| true));
    (total.bytes, total.response) = (last.cumulative.bytes, last.cumulative.response);
    rate(&mut total, measured);
    let state = if meta.ended.is_some() { RunState::Done(End::Completed) } else { RunState::Running };
    let snapshot = Snapshot {
        at: last.at,
        elapsed,
        measured,
        resets: u32::from(!reset.is_zero()),
        load: LoadView {
            most_users: seconds.iter().map(|second| second.users).max().unwrap_or_default(),
            users: last.users,
            target: meta.users,
            spawn_rate: meta.spawn_rate,
            vu_hours,
            ..LoadView::default()
        },
        total: Row { name: "Aggregated".into(), total, ..Row::default() },
        endpoints: rows(meta, &times, &failures, measured),
        failures,
        health: Health { is_unknown: true, ..Health::default() },
        ..Snapshot::of_run(run_info(meta), state)
    };
    Ok((snapshot, gaps))
}

fn run_info(meta: &Meta) -> RunInfo {
    RunInfo {
        scenario: meta.scenario.as_str().into(),
        host: meta.host.as_str().into(),
        started: meta.started.into(),
        is_insecure: false,
        run_time: meta.run_time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        classes: Vec::new(),
        seed: meta.seed,
        operations: Vec::new(),
        trace_url: None,
    }
}

/// The kinds of failures that occurred after the last reset, most frequent first.
fn failures(folder: &Path, since: SystemTime) -> Result<(FailureView, Option<String>), ReadError> {
    let read = lines::read::<FailureLine>(&folder.join(folder::FAILURES))?;
    let mut rows: Vec<FailureRow> = Vec::new();
    let mut places = HashMap::new();
    for line in read.lines {
        match line {
            FailureLine::New(row) => {
                places.insert(row.id, rows.len());
                rows.push(*row);
            }
            FailureLine::Again { id, count, last } => {
                if let Some(row) = places.get(&id).and_then(|at| rows.get_mut(*at)) {
                    (row.count, row.last) = (count, last);
                }
            }
        }
    }
    rows.retain(|row| row.last >= since);
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    Ok((FailureView { rows, ..FailureView::default() }, read.gap))
}

/// Requests without a response.
fn unanswered(failures: &FailureView, which: impl Fn(&FailureRow) -> bool) -> u64 {
    let silent = failures.rows.iter().filter(|row| row.silence.is_some() && which(row));
    silent.fold(0, |sum, row| sum.saturating_add(row.count))
}

fn figures(requests: u64, failures: u64, unanswered: u64) -> Figures {
    Figures { requests, failures, responses: requests.saturating_sub(unanswered), ..Figures::default() }
}

fn rate(figures: &mut Figures, measured: Duration) {
    let rate = |n: u64| if measured.is_zero() { 0.0 } else { n as f64 / measured.as_secs_f64() };
    (figures.rps, figures.fps) = (rate(figures.requests), rate(figures.failures));
}

fn rows(meta: &Meta, times: &RowTimes, failures: &FailureView, measured: Duration) -> Vec<Row> {
    let row = |(at, (kind, name)): (usize, &(String, String))| {
        let kind = RowKind::of_name(kind);
        let is_own = |failure: &FailureRow| failure.kind == kind && *failure.name == **name;
        let failed =
            failures.rows.iter().filter(|row| is_own(row)).fold(0, |sum: u64, row| sum.saturating_add(row.count));
        let (response, service) = times.rows.get(&at).map(|(response, service)| (response, service.as_ref())).unzip();
        // Each request has a time, also one that failed.
        let requests = response.map_or(0, |times| times.exact().count).max(failed);
        let mut total = figures(requests, failed, unanswered(failures, is_own));
        total.response = response.map(|times| times.latency()).unwrap_or_default();
        total.service = service.flatten().map(|times| times.latency());
        rate(&mut total, measured);
        Row { kind, name: name.as_str().into(), total, now: Figures::default() }
    };
    meta.rows.iter().enumerate().map(row).collect()
}
