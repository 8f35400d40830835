//! Locust's JSON array: one object per row, with response times in Locust's buckets and requests by second.
//!
//! Snapshots do not have all seconds of a run; a thread collects them during the run.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::sync::watch;

use super::error::ReportError;
use super::file;
use crate::clean;
use crate::stats::snapshot::Row;
use crate::stats::{RowBucket, Second, Snapshot};
use crate::system::output;

/// The array of a running run.
#[derive(Debug)]
pub struct LocustJson {
    thread: JoinHandle<String>,
}

/// One object of the array; durations in milliseconds, timestamps in seconds since 1970.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    method: String,
    /// End of the last second with a request.
    last_request_timestamp: f64,
    start_time: f64,
    num_requests: u64,
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: f64,
    min_response_time: f64,
    total_content_length: u64,
    response_times: BTreeMap<u64, u64>,
    num_reqs_per_sec: BTreeMap<u64, u64>,
    num_fail_per_sec: BTreeMap<u64, u64>,
}

/// Values of one row since the last reset.
#[derive(Debug, Default)]
struct Measured {
    order: usize,
    last: f64,
    times: BTreeMap<u64, u64>,
    requests: BTreeMap<u64, u64>,
    failures: BTreeMap<u64, u64>,
}

/// Rows by index of their endpoint.
#[derive(Debug, Default)]
struct Collected {
    number: u64,
    resets: u32,
    since: Option<SystemTime>,
    rows: BTreeMap<u32, Measured>,
}

impl LocustJson {
    /// Starts collecting until the snapshots end.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(mut snapshots: watch::Receiver<Arc<Snapshot>>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let body = async move {
            let mut collected = Collected::default();
            loop {
                let is_gone = snapshots.changed().await.is_err();
                let snapshot = Arc::clone(&snapshots.borrow_and_update());
                collected.follow(&snapshot);
                if is_gone || snapshot.state.is_done() {
                    return collected.array(&snapshot);
                }
            }
        };
        let thread = std::thread::Builder::new().name("json".to_owned()).spawn(move || runtime.block_on(body))?;
        Ok(Self { thread })
    }

    /// Waits for the end of the run, and returns the array, indented like Locust's.
    ///
    /// # Errors
    /// When the thread panicked.
    pub fn finish(self) -> Result<String, &'static str> {
        self.thread.join().map_err(|_| "the JSON array is missing: an internal error")
    }
}

/// Checks before a run that the file can be written.
///
/// # Errors
/// Names the file.
pub fn check(path: &Path) -> Result<(), ReportError> {
    file::check(path)
}

/// Writes the array to a file.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, array: &str) -> Result<(), ReportError> {
    let written = output::write(path, |file| writeln!(file, "{array}"));
    written.map_err(|why| ReportError::one(path, why))
}

impl Collected {
    fn follow(&mut self, snapshot: &Snapshot) {
        let reset_at = snapshot.elapsed.saturating_sub(snapshot.measured);
        if self.resets != snapshot.resets {
            self.resets = snapshot.resets;
            self.rows.clear();
            self.since = snapshot.at.checked_sub(snapshot.measured);
        }
        let number = self.number;
        for second in snapshot.seconds.iter().filter(|second| second.number > number) {
            let is_before = snapshot.resets > 0 && second.from < reset_at;
            if !second.is_warm_up && !is_before {
                self.add(second, snapshot.at);
            }
        }
        self.number = snapshot.seconds.last().map_or(self.number, |second| second.number.max(self.number));
    }

    fn add(&mut self, second: &Second, now: SystemTime) {
        let at = epoch(second.at.unwrap_or(now));
        for (index, bucket) in &second.rows {
            let order = self.rows.len();
            let row = self.rows.entry(*index).or_insert_with(|| Measured { order, ..Measured::default() });
            row.add(bucket, at);
        }
    }

    fn array(&self, snapshot: &Snapshot) -> String {
        let start = epoch(self.since.unwrap_or(snapshot.run.started));
        let mut rows: Vec<(&Measured, &Row)> = self
            .rows
            .iter()
            .filter_map(|(index, measured)| Some((measured, snapshot.endpoints.get(*index as usize)?)))
            .filter(|(_, row)| row.total.requests > 0)
            .collect();
        rows.sort_by_key(|(measured, _)| measured.order);
        let entries: Vec<Entry> = rows.into_iter().map(|(measured, row)| entry(measured, row, start)).collect();
        let mut out = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        // Numbers and strings always serialize.
        let _ = entries.serialize(&mut serde_json::Serializer::with_formatter(&mut out, indent));
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Measured {
    fn add(&mut self, bucket: &RowBucket, at: f64) {
        self.last = at;
        // The second with most of the bucket: `at` is its end.
        let second = (at - 1.0).max(0.0) as u64;
        *self.requests.entry(second).or_default() += bucket.sums.requests;
        if bucket.sums.failures > 0 {
            *self.failures.entry(second).or_default() += bucket.sums.failures;
        }
        for (micros, count) in bucket.response.values() {
            *self.times.entry(rounded(u64::from(*micros))).or_default() += u64::from(*count);
        }
    }
}

fn entry(measured: &Measured, row: &Row, start_time: f64) -> Entry {
    let figures = &row.total;
    let times = &figures.response;
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    Entry {
        name: clean::line(&row.name).into_owned(),
        method: clean::line(row.kind.name()).into_owned(),
        last_request_timestamp: measured.last,
        start_time,
        num_requests: figures.requests,
        num_none_requests: figures.requests.saturating_sub(times.count),
        num_failures: figures.failures,
        total_response_time: millis(times.mean) * times.count as f64,
        max_response_time: millis(times.max),
        min_response_time: millis(times.min),
        total_content_length: figures.bytes,
        response_times: measured.times.clone(),
        num_reqs_per_sec: measured.requests.clone(),
        num_fail_per_sec: measured.failures.clone(),
    }
}

/// Locust's bucket of a time, in milliseconds: two significant digits above 100 ms, ties to even.
fn rounded(micros: u64) -> u64 {
    let step = match micros {
        0..100_000 => 1_000,
        100_000..1_000_000 => 10_000,
        1_000_000..10_000_000 => 100_000,
        _ => 1_000_000,
    };
    let (below, rest) = (micros / step, micros % step);
    let is_up = rest * 2 > step || rest * 2 == step && below % 2 == 1;
    (below + u64::from(is_up)) * step / 1_000
}

fn epoch(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_match_locust() {
        for (millis, bucket) in [
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (99.4, 99),
            (99.6, 100),
            (104.9, 100),
            (105.0, 100),
            (115.0, 120),
            (125.0, 120),
            (147.0, 150),
            (994.9, 990),
            (995.0, 1_000),
            (1_049.0, 1_000),
            (1_050.0, 1_000),
            (1_150.0, 1_200),
            (3_432.0, 3_400),
            (9_950.0, 10_000),
            (10_500.0, 10_000),
            (11_500.0, 12_000),
            (58_760.0, 59_000),
        ] {
            assert_eq!(rounded((millis * 1_000.0) as u64), bucket, "{millis} ms");
        }
    }
}
