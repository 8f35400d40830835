//! What has been: seconds and minutes gone by, changes of load, lines of the log.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::figures::Latency;

/// Most [`RunEvent`]s kept in a snapshot.
pub const MAX_EVENTS: usize = 1_000;

/// Lines that `log` steps wrote.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogView {
    /// The newest, oldest first, at most [`MAX_LOG`].
    pub lines: Arc<Vec<LogLine>>,
    /// How many there have been, those no longer in `lines` included.
    pub total: u64,
    /// Lines that came faster than can be read, and were not kept.
    pub dropped: u64,
}

/// Most lines of a log kept in a snapshot.
pub const MAX_LOG: usize = 500;

impl LogView {
    /// The lines after the first `seen` ones, as far as they are still there.
    pub fn since(&self, seen: u64) -> &[LogLine] {
        let new = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        &self.lines[self.lines.len().saturating_sub(new)..]
    }
}

/// What one `log` step said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Wall clock.
    pub at: SystemTime,
    /// `user.id` of who said it.
    pub user: u64,
    /// One line, cleaned and masked.
    pub text: Arc<str>,
}

/// The past of the whole run: fine and recent, coarse and old. Buckets are in order of time, `coarse` before `medium`
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

/// What happened between two moments of the run.
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
    /// The whole run as it stood at its end.
    pub cumulative: Cumulative,
}

/// Totals of the run at one moment of the past: the `Total …` columns of Locust's history file.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cumulative {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failures: u64,
    /// Bytes of reply bodies.
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
