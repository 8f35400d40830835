//! A second that has passed, with its histograms: what is judged and recorded while the run goes on.

use std::time::{Duration, SystemTime};

use super::bucket::RowBucket;
use super::delivery::Tally;
use super::histogram::Sparse;
use super::snapshot::Arrivals;

/// Most seconds in a snapshot. Who looks at a snapshot at least this often misses none.
pub const RECENT: usize = 16;

/// What was measured in one second of the run; the last one of a run may be shorter.
#[derive(Debug, Clone, Default)]
pub struct Second {
    /// Counts up by one, also over a reset of the statistics.
    pub number: u64,
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Wall clock at its end; `None` only before it has one.
    pub at: Option<SystemTime>,
    /// Users at its end.
    pub users: u32,
    /// It belongs to a warm-up: it counts for nothing.
    pub is_warm_up: bool,
    /// Index of the stage of the load plan that it belongs to: the one before its end.
    pub stage: Option<usize>,
    /// All requests.
    pub total: RowBucket,
    /// The rows with requests, by the index of their endpoint.
    pub rows: Vec<(u32, RowBucket)>,
    /// Iterations that were due.
    pub arrivals: Arrivals,
    /// Errors in the scenario itself.
    pub exceptions: u64,
    /// What became of messages, by the index of their endpoint.
    pub deliveries: Vec<(u32, Tally)>,
    /// Real send minus due time.
    pub schedule_delay: Sparse,
    /// CPU of this process, 1.0 being every core it may use.
    pub cpu: f64,
}
