//! Exponential histograms: the limits of their buckets are powers of 2^(2^-scale).
//!
//! Definition: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

use std::collections::BTreeMap;

use super::proto::{Buckets, HistogramPoint};
use crate::sink::figures::Histogram;
use crate::stats::{Exact, Sparse};

/// Maximum number of buckets from the first to the last with a count, as in the SDKs of OpenTelemetry.
const MAX_BUCKETS: i32 = 160;
/// Scale of an empty histogram: buckets are 0.3 % wide.
const FINEST: i32 = 8;

/// A histogram of times in seconds.
#[derive(Debug)]
pub struct Exponential {
    scale: i32,
    counts: BTreeMap<i32, u64>,
    zeros: u64,
    exact: Exact,
}

impl Default for Exponential {
    fn default() -> Self {
        Self { scale: FINEST, counts: BTreeMap::new(), zeros: 0, exact: Exact::default() }
    }
}

impl Histogram for Exponential {
    fn add(&mut self, times: &Sparse) {
        self.exact.merge(times.exact());
        for (micros, count) in times.values() {
            let count = u64::from(*count);
            if *micros == 0 {
                self.zeros += count;
            } else {
                *self.counts.entry(bucket(*micros, self.scale)).or_default() += count;
                while self.width() > MAX_BUCKETS {
                    self.coarsen();
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.exact.count == 0
    }
}

/// Bucket of a time: its upper limit is part of it, its lower one is not.
fn bucket(micros: u32, scale: i32) -> i32 {
    let position = (f64::from(micros) / 1e6).log2() * f64::from(scale).exp2();
    position.ceil() as i32 - 1
}

impl Exponential {
    fn width(&self) -> i32 {
        let ends = self.counts.first_key_value().zip(self.counts.last_key_value());
        ends.map_or(0, |((first, _), (last, _))| last - first + 1)
    }

    /// Joins each two buckets.
    fn coarsen(&mut self) {
        self.scale -= 1;
        let mut counts = BTreeMap::new();
        for (index, count) in std::mem::take(&mut self.counts) {
            *counts.entry(index >> 1).or_default() += count;
        }
        self.counts = counts;
    }

    /// The histogram as a point without attributes and times.
    pub fn point(&self) -> HistogramPoint {
        let seconds = |nanos: u64| (self.exact.count > 0).then_some(nanos as f64 / 1e9);
        let positive = self.counts.first_key_value().map(|(first, _)| {
            let mut bucket_counts = vec![0; usize::try_from(self.width()).unwrap_or_default()];
            for (index, count) in &self.counts {
                if let Some(slot) = usize::try_from(index - first).ok().and_then(|at| bucket_counts.get_mut(at)) {
                    *slot = *count;
                }
            }
            Buckets { offset: *first, bucket_counts }
        });
        HistogramPoint {
            count: self.exact.count,
            sum: seconds(self.exact.sum),
            scale: self.scale,
            zero_count: self.zeros,
            positive,
            min: seconds(self.exact.min),
            max: seconds(self.exact.max),
            ..HistogramPoint::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: &[u32]) -> Exponential {
        let mut histogram = Exponential::default();
        let nanos = |micros: u32| u64::from(micros) * 1_000;
        for micros in micros {
            let exact = Exact { count: 1, sum: nanos(*micros), min: nanos(*micros), max: nanos(*micros) };
            histogram.add(&Sparse::of_each(exact, std::iter::once(*micros)));
        }
        histogram
    }

    #[test]
    fn times_are_within_the_limits_of_their_bucket() {
        for scale in [0, 3, 8] {
            for micros in [1, 999, 1_000, 250_000, 500_000, 1_000_000, 2_000_000, 3_600_000_000] {
                let base = (-f64::from(scale)).exp2().exp2();
                let (index, time) = (bucket(micros, scale), f64::from(micros) / 1e6);
                let (low, high) = (base.powi(index), base.powi(index + 1));
                assert!(low < time * (1.0 + 1e-9) && time <= high * (1.0 + 1e-9), "{micros} at {scale}: {low} {high}");
            }
        }
        // Powers of two are the upper limit of their bucket.
        assert_eq!([250_000, 500_000, 1_000_000, 1_000_001].map(|micros| bucket(micros, 0)), [-3, -2, -1, 0]);
    }

    #[test]
    fn the_range_is_wide_and_the_number_of_buckets_limited() {
        let all: Vec<u32> = (0..4_000).map(|n| n * n + 1).chain([0, 3_600_000_000]).collect();
        let point = of(&all).point();
        let buckets = point.positive.clone().expect("buckets");
        assert!(buckets.bucket_counts.len() <= 160 && point.scale < 8 && point.scale >= 2, "{}", point.scale);
        assert_eq!(buckets.bucket_counts.iter().sum::<u64>() + point.zero_count, 4_002);
        assert_eq!((point.count, point.zero_count, point.max), (4_002, 1, Some(3_600.0)));
        let narrow = of(&[1_000, 1_010, 1_020]).point();
        assert_eq!((narrow.scale, narrow.count), (8, 3));
        assert_eq!(of(&[]).point().positive, None);
    }
}
