//! Figures of several consecutive seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::{RowBucket, Second, Snapshot};

/// Consecutive seconds of a run.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The seconds, oldest first; at least one.
    pub seconds: Vec<Arc<Second>>,
    /// Number of seconds since the previous interval that are in no interval, because the sink thread was delayed.
    pub missed: u64,
    /// Name of the stage; `None` without stages.
    pub stage: Option<Arc<str>>,
    /// A snapshot taken at the end of the interval or shortly after.
    pub snapshot: Arc<Snapshot>,
}

impl Interval {
    /// Wall-clock time at the end of the interval.
    pub fn at(&self) -> SystemTime {
        self.seconds.last().and_then(|second| second.at).unwrap_or(self.snapshot.at)
    }

    /// Duration of the interval, in run time.
    pub fn length(&self) -> Duration {
        self.seconds.iter().map(|second| second.length).sum()
    }

    /// Figures of all rows.
    pub fn total(&self) -> RowBucket {
        let mut total = RowBucket::default();
        self.seconds.iter().for_each(|second| total.merge(&second.total));
        total.compact();
        total
    }

    /// Figures of each row with requests, by endpoint index.
    pub fn rows(&self) -> BTreeMap<u32, RowBucket> {
        let mut rows: BTreeMap<u32, RowBucket> = BTreeMap::new();
        for (endpoint, bucket) in self.seconds.iter().flat_map(|second| &second.rows) {
            rows.entry(*endpoint).or_default().merge(bucket);
        }
        rows.values_mut().for_each(RowBucket::compact);
        rows
    }

    /// Message counters of each row with messages, by endpoint index.
    pub fn deliveries(&self) -> BTreeMap<u32, Tally> {
        let mut rows: BTreeMap<u32, Tally> = BTreeMap::new();
        for (endpoint, tally) in self.seconds.iter().flat_map(|second| &second.deliveries) {
            rows.entry(*endpoint).or_default().merge(tally);
        }
        rows
    }
}
