//! Several seconds of a run in one piece.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::stats::{RowBucket, Second, Snapshot};

/// Consecutive seconds of a run.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The seconds, oldest first; at least one.
    pub seconds: Vec<Arc<Second>>,
    /// Seconds that are in no interval, because the thread of the sinks was held up for too long.
    pub missed: u64,
    /// A snapshot taken at its end or shortly after.
    pub snapshot: Arc<Snapshot>,
}

impl Interval {
    /// Wall clock at its end.
    pub fn at(&self) -> SystemTime {
        self.seconds.last().and_then(|second| second.at).unwrap_or(self.snapshot.at)
    }

    /// Run time that it covers.
    pub fn length(&self) -> Duration {
        self.seconds.iter().map(|second| second.length).sum()
    }

    /// All requests.
    pub fn total(&self) -> RowBucket {
        let mut total = RowBucket::default();
        self.seconds.iter().for_each(|second| total.merge(&second.total));
        total.compact();
        total
    }

    /// The rows with requests, by the index of their endpoint.
    pub fn rows(&self) -> BTreeMap<u32, RowBucket> {
        let mut rows: BTreeMap<u32, RowBucket> = BTreeMap::new();
        for (endpoint, bucket) in self.seconds.iter().flat_map(|second| &second.rows) {
            rows.entry(*endpoint).or_default().merge(bucket);
        }
        rows.values_mut().for_each(RowBucket::compact);
        rows
    }
}
