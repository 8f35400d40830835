//! The history of a run: time buckets, changes of load, log lines.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::buckets::Buckets;

/// Maximum number of [`RunEvent`]s in a snapshot.
pub const MAX_EVENTS: usize = 1_000;

/// Lines of `log` steps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogView {
    /// The latest lines, oldest first, at most [`MAX_LOG`].
    pub lines: Arc<Vec<LogLine>>,
    /// Number of lines so far, including those no longer in `lines`.
    pub total: u64,
    /// Lines dropped because there were too many in a short time.
    pub dropped: u64,
}

/// Maximum number of log lines in a snapshot.
pub const MAX_LOG: usize = 500;

impl LogView {
    /// Lines after the first `seen`, as far as they are still available.
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

/// The history of the whole run: recent times in short buckets, older ones in longer buckets. Buckets do not overlap
/// and are in order of time: `coarse`, `medium`, `fine`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Series {
    /// 60 s each.
    pub coarse: Buckets,
    /// 10 s each.
    pub medium: Buckets,
    /// 1 s each, for the last five minutes.
    pub fine: Buckets,
}

impl Series {
    /// All buckets, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        self.coarse.iter().chain(self.medium.iter()).chain(self.fine.iter())
    }
}

/// Ten seconds of the run, for the detection of drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Users at its end.
    pub users: u32,
    /// Requests finished in the block.
    pub requests: u64,
    /// Failures in the block.
    pub failures: u64,
    /// Median response time; `None` without requests.
    pub p50: Option<Duration>,
    /// 95th percentile of the response time.
    pub p95: Option<Duration>,
    /// Memory in bytes, and connected clients, of the Redis server.
    pub redis: Option<(u64, u64)>,
}

/// A change of load, or another note on the run; marked on the charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Run time.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// Description: `users 120 → 150`.
    pub text: Arc<str>,
    /// The load changes: a stage started, or a person changed or paused it.
    #[serde(default)]
    pub is_load_change: bool,
}
