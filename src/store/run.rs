//! A run as input for reports.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Meta;
use crate::stats::snapshot::Bucket;
use crate::stats::{Lookups, Snapshot};

/// All data of a run, during or after it.
#[derive(Debug, Clone)]
pub struct Run {
    /// What was run.
    pub meta: Arc<Meta>,
    /// The last snapshot.
    pub last: Arc<Snapshot>,
    /// History since the last reset: all seconds if the run was recorded, else the time series of the snapshot (with
    /// buckets of
    /// 10 s and 60 s for older data). Ordered by time, without overlap.
    pub seconds: Vec<Bucket>,
    /// Margins of thresholds over time, as in [`Judgement::margin`](crate::stats::snapshot::Judgement::margin): run
    /// time and a value per threshold. Empty if the run was not recorded.
    pub margins: Vec<(Duration, Vec<Option<f64>>)>,
    /// State of Redis at the end of each second, by the run time at its start. Empty without Redis, or if it was not
    /// recorded.
    pub redis: Vec<(Duration, RedisPoint)>,
    /// Whether it is over.
    pub state: State,
    /// What is missing of its recording, in words: files and lines that cannot be read, and what follows from that.
    pub gaps: Vec<String>,
}

/// State of Redis at a point in time; `None` if unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RedisPoint {
    /// Memory used by the server, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Connected clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// Commands executed per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ops: Option<f64>,
    /// 95th percentile of the delivery time in this second, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_p95: Option<f64>,
    /// Keys looked up and found in this second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<u64>,
    /// Keys looked up and not found in this second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misses: Option<u64>,
}

impl RedisPoint {
    /// Ratio of hits to all keys looked up; `None` without any.
    pub fn hit_ratio(&self) -> Option<f64> {
        Lookups { hits: self.hits.unwrap_or(0), misses: self.misses.unwrap_or(0) }.hit_ratio()
    }
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has ended normally.
    Ended,
    /// It is still active.
    Running,
    /// The process was killed: the data ends there.
    CutShort,
}

impl Run {
    /// A run that was not recorded, or not yet.
    pub fn of_snapshot(meta: Arc<Meta>, last: Arc<Snapshot>) -> Self {
        let state = if last.state.is_done() { State::Ended } else { State::Running };
        let seconds = last.series.iter().collect();
        Self { meta, seconds, last, margins: Vec::new(), redis: Vec::new(), state, gaps: Vec::new() }
    }

    /// True if it came to its end, and all of it was recorded.
    pub fn is_whole(&self) -> bool {
        self.state == State::Ended && self.meta.incomplete.is_none() && self.gaps.is_empty()
    }
}
