//! A closed second of the run with its histograms, from which thresholds are evaluated and the run is recorded.

use std::time::{Duration, SystemTime};

use super::bucket::RowBucket;
use super::delivery::Tally;
use super::histogram::Sparse;
use super::lookups::Lookups;
use super::snapshot::Arrivals;

/// Maximum number of seconds in a snapshot. A reader must look at a snapshot at least this often, in seconds, to miss
/// none.
pub const RECENT: usize = 16;

/// Measurements of one second of the run; the last one may be shorter.
#[derive(Debug, Clone, Default)]
pub struct Second {
    /// Sequence number; continues after a reset of the statistics.
    pub number: u64,
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Wall clock at its end; set when the second is closed.
    pub at: Option<SystemTime>,
    /// Users at its end.
    pub users: u32,
    /// Part of a warm-up: not counted.
    pub is_warm_up: bool,
    /// Index of the load plan's stage in which the second ended.
    pub stage: Option<usize>,
    /// Sum of all requests.
    pub total: RowBucket,
    /// Rows with requests, by endpoint index.
    pub rows: Vec<(u32, RowBucket)>,
    /// Iterations that were due, by outcome.
    pub arrivals: Arrivals,
    /// Errors in the scenario itself.
    pub exceptions: u64,
    /// Message counters, by endpoint index.
    pub deliveries: Vec<(u32, Tally)>,
    /// Hits and misses, by endpoint index.
    pub lookups: Vec<(u32, Lookups)>,
    /// Real send minus due time.
    pub schedule_delay: Sparse,
    /// CPU usage of this process; 1.0 is all cores it may use.
    pub cpu: f64,
}
