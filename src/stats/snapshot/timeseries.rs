//! The history of a run: buckets of time, changes of load, lines of the log.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::figures::Latency;

/// Most [`RunEvent`]s kept in a snapshot.
pub const MAX_EVENTS: usize = 1_000;

/// Lines of `log` steps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogView {
    /// The newest, oldest first, at most [`MAX_LOG`].
    pub lines: Arc<Vec<LogLine>>,
    /// How many there were, including those no longer in `lines`.
    pub total: u64,
    /// Lines that were not kept, because there were too many in a short time.
    pub dropped: u64,
}

/// Most lines of a log kept in a snapshot.
pub const MAX_LOG: usize = 500;

impl LogView {
    /// The lines after the first `seen` ones, as far as they are still kept.
    pub fn since(&self, seen: u64) -> &[LogLine] {
        let new = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        &self.lines[self.lines.len().saturating_sub(new)..]
    }
}

/// One line of a `log` step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Wall clock.
    pub at: SystemTime,
    /// `user.id` of the user.
    pub user: u64,
    /// One line, cleaned and masked.
    pub text: Arc<str>,
}

/// The history of the whole run: recent times in short buckets, older ones in long buckets. Buckets are in order of time, `coarse` before `medium`
/// before `fine`, without overlap.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Series {
    /// 60 s each.
    pub coarse: Arc<Vec<Bucket>>,
    /// 10 s each.
    pub medium: Arc<Vec<Bucket>>,
    /// 1 s each, for the last 15 minutes.
    pub fine: Arc<Vec<Bucket>>,
}

impl Series {
    /// All buckets, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Bucket> {
        self.coarse.iter().chain(self.medium.iter()).chain(self.fine.iter())
    }
}

/// What was measured between two moments of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Wall clock at its end.
    pub at: SystemTime,
    /// Users at its end.
    pub users: u32,
    /// Requests finished in it.
    pub requests: u64,
    /// Failures in it.
    pub failures: u64,
    /// Median response time in it; `None` without requests.
    pub p50: Option<Duration>,
    /// 95th percentile of the response time in it.
    pub p95: Option<Duration>,
    /// 99th percentile of the response time in it.
    pub p99: Option<Duration>,
    /// Totals of the whole run at its end.
    pub cumulative: Cumulative,
}

/// Ten seconds of the run, from which trends are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Users at its end.
    pub users: u32,
    /// Requests finished in it.
    pub requests: u64,
    /// Failures in it.
    pub failures: u64,
    /// Median response time in it; `None` without requests.
    pub p50: Option<Duration>,
    /// 95th percentile of the response time in it.
    pub p95: Option<Duration>,
    /// Memory in bytes and clients of the Redis server, where there is one.
    pub redis: Option<(u64, u64)>,
}

/// Totals of the run at an earlier moment: the `Total …` columns of Locust's history file.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cumulative {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failures: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Requests per second over the last 10 s.
    pub rps: f64,
    /// Failures per second over the last 10 s.
    pub fps: f64,
    /// Response times.
    pub response: Latency,
}

/// A change of load, drawn on the charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Run time.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// What changed, in words: `users 120 → 150`.
    pub text: Arc<str>,
}
