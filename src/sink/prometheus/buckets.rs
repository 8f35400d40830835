//! Histograms with fixed limits.

use crate::sink::figures::Histogram;
use crate::stats::{Exact, Sparse};

/// Upper limits in microseconds, inclusive: from a millisecond to a minute.
const LIMITS: [u32; 18] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 150_000, 250_000, 500_000, 750_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

/// Numbers of times by limit, not cumulative. Times above the last limit are only in the exact count.
#[derive(Debug, Default)]
pub struct Buckets {
    counts: [u64; LIMITS.len()],
    exact: Exact,
}

impl Histogram for Buckets {
    fn add(&mut self, times: &Sparse) {
        self.exact.merge(times.exact());
        for (micros, count) in times.values() {
            let bucket = LIMITS.partition_point(|limit| limit < micros);
            if let Some(known) = self.counts.get_mut(bucket) {
                *known += u64::from(*count);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.exact.count == 0
    }
}

impl Buckets {
    /// Limits in seconds, and the number of times that are not longer.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        LIMITS.iter().map(|micros| f64::from(*micros) / 1e6).zip(counts)
    }

    /// Number of times.
    pub fn count(&self) -> u64 {
        self.exact.count
    }

    /// Sum in seconds.
    pub fn sum(&self) -> f64 {
        self.exact.sum as f64 / 1e9
    }
}
