//! A run as reports see it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Meta;
use crate::stats::Snapshot;
use crate::stats::snapshot::Bucket;

/// Everything that is known of a run, while it lasts or afterwards.
#[derive(Debug, Clone)]
pub struct Run {
    /// What was run.
    pub meta: Arc<Meta>,
    /// The last snapshot.
    pub last: Arc<Snapshot>,
    /// The past since the statistics were reset: seconds of the whole run where it was recorded, else what the snapshot
    /// has (10 s and 60 s where it is long ago). In order of time, without overlap.
    pub seconds: Vec<Bucket>,
    /// What was left of each threshold's limit, as in [`Judgement::margin`](crate::stats::snapshot::Judgement::margin):
    /// run time and one value a threshold. Empty where the run was not recorded.
    pub margins: Vec<(Duration, Vec<Option<f64>>)>,
    /// Redis at the end of each second, by the run time at its start. Empty without Redis, and where the run was not
    /// recorded.
    pub redis: Vec<(Duration, RedisPoint)>,
    /// Whether it is over.
    pub state: State,
}

/// Redis at a moment; `None` where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RedisPoint {
    /// Bytes that the server uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Clients connected to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// Commands that it executes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ops: Option<f64>,
    /// 95th percentile of the time from a publish to its delivery, in microseconds, of this second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_p95: Option<f64>,
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It came to its end.
    Ended,
    /// It still goes on.
    Running,
    /// The process was killed: what is here is what was written until then.
    CutShort,
}

impl Run {
    /// A run that was not recorded, or not yet.
    pub fn of_snapshot(meta: Arc<Meta>, last: Arc<Snapshot>) -> Self {
        let state = if last.state.is_done() { State::Ended } else { State::Running };
        Self { meta, seconds: last.series.iter().collect(), last, margins: Vec::new(), redis: Vec::new(), state }
    }
}
