//! Histograms of times. [`Times`] is a histogram with exact sums; [`Sparse`] has the same content in compact form. An
//! interval is converted to sparse form once and merged in that form, so that the cost depends on the number of
//! measurements and not on the size of a histogram.

use std::time::Duration;

use hdrhistogram::{Counter, Histogram};

use super::snapshot::{Latency, Mean, PERCENTILES};

/// Longest time that a histogram can contain; the exact maximum has no limit.
const HIGHEST_MICROS: u32 = 3_600_000_000;

/// Longest usual time: the last one before the histogram needs more memory, 17 s.
const USUAL_MICROS: u64 = (2_048 << 13) - 1;

/// Rows whose times are all below it, 262 ms, need little memory.
const QUICK_NANOS: u64 = (2_048 << 7) * 1_000;

/// Exact statistics of some times, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exact {
    /// Number of times.
    pub count: u64,
    /// Sum.
    pub sum: u64,
    /// Minimum; 0 without times.
    pub min: u64,
    /// Maximum.
    pub max: u64,
}

impl Exact {
    pub(super) fn record(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.merge(&Exact { count: 1, sum: nanos, min: nanos, max: nanos });
    }

    /// Adds other times.
    pub fn merge(&mut self, other: &Exact) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// Mean.
    pub fn mean(&self) -> Mean {
        let mean = self.sum.checked_div(self.count).unwrap_or(0);
        Mean { count: self.count, mean: Duration::from_nanos(mean) }
    }

    /// Computes all percentiles in one pass over `values`: ascending microseconds with counts.
    fn latency(&self, values: impl Iterator<Item = (u64, u64)>) -> Latency {
        let (min, max) = (Duration::from_nanos(self.min), Duration::from_nanos(self.max));
        let mut out = Latency { count: self.count, mean: self.mean().mean, min, max, percentiles: [max; 11] };
        let mut next = 0;
        let mut seen = 0;
        for (micros, count) in values {
            seen += count;
            while next < PERCENTILES.len() && rank(PERCENTILES[next], self.count) <= seen {
                // The last rank is the exact maximum.
                let value = if PERCENTILES[next] >= 100.0 { max } else { Duration::from_micros(micros) };
                out.percentiles[next] = value.clamp(min, max);
                next += 1;
            }
        }
        out
    }
}

/// Rank of a percentile in `n` ascending values, from 1. Integer arithmetic: p50 of 2 values is the first.
pub fn rank(percentile: f64, n: u64) -> u64 {
    let hundredths = (percentile * 100.0).round() as u128;
    let rank = (u128::from(n) * hundredths).div_ceil(10_000);
    u64::try_from(rank).unwrap_or(u64::MAX).max(1)
}

/// A histogram of microseconds with exact sums.
#[derive(Debug, Clone)]
pub(super) struct Times<C: Counter> {
    exact: Exact,
    histogram: Histogram<C>,
}

impl<C: Counter> Times<C> {
    /// For response times: three significant digits.
    pub fn fine() -> Self {
        Self { exact: Exact::default(), histogram: fine() }
    }

    /// For the generator's own delays: two significant digits, a tenth of the memory.
    pub fn rough() -> Self {
        Self { exact: Exact::default(), histogram: histogram(2) }
    }

    pub fn record(&mut self, time: Duration) {
        self.exact.record(time);
        // Cannot fail: the histogram resizes up to HIGHEST_MICROS.
        let _ = self.histogram.record(u64::from(capped(time)));
    }

    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.exact.max)
    }

    pub fn clear(&mut self) {
        if self.exact.count > 0 {
            self.exact = Exact::default();
            self.histogram.reset();
        }
    }

    #[cfg(test)]
    pub fn exact(&self) -> &Exact {
        &self.exact
    }

    pub fn latency(&self) -> Latency {
        if self.exact.count == 0 { Latency::default() } else { self.exact.latency(self.values()) }
    }

    /// Ascending microseconds with counts.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        values(&self.histogram)
    }

    /// Converts to compact form.
    pub fn sparse(&self) -> Sparse {
        Sparse::of(self.exact, &self.histogram)
    }
}

impl Times<u64> {
    /// Like [`fine`](Self::fine), with memory for usual times: growing to it takes twice as much, and leaves gaps of the
    /// old sizes.
    fn roomy() -> Self {
        let mut histogram = Histogram::new_with_bounds(1, USUAL_MICROS, 3).expect("constant bounds are valid");
        histogram.auto(true);
        Self { exact: Exact::default(), histogram }
    }

    /// Replaces the content with that of `other`, and keeps the memory.
    pub fn copy_from(&mut self, other: &Self) {
        self.clear();
        self.make_room(&other.exact);
        self.exact = other.exact;
        // Cannot fail: the histogram resizes.
        let _ = self.histogram.add(&other.histogram);
    }

    /// Takes memory for usual times with the first that is not quick: sooner or later a slower one follows.
    fn make_room(&mut self, times: &Exact) {
        if times.max > QUICK_NANOS && self.histogram.high() < USUAL_MICROS {
            let mut roomy = Self::roomy();
            roomy.exact = self.exact;
            // Cannot fail: it has room for more.
            let _ = roomy.histogram.add(&self.histogram);
            *self = roomy;
        }
    }

    pub fn absorb(&mut self, other: &Sparse) {
        self.make_room(&other.exact);
        self.exact.merge(&other.exact);
        for (value, count) in &other.values {
            let _ = self.histogram.record_n(u64::from((*value).min(HIGHEST_MICROS)), u64::from(*count));
        }
    }
}

/// For response times: three significant digits, as large as the longest time needs. With room for an hour it would be
/// ten times larger, for every row.
pub(super) fn fine<C: Counter>() -> Histogram<C> {
    histogram(3)
}

fn histogram<C: Counter>(digits: u8) -> Histogram<C> {
    let mut histogram = Histogram::new(digits).expect("a constant number of digits is valid");
    histogram.auto(true);
    histogram
}

fn values<C: Counter>(histogram: &Histogram<C>) -> impl Iterator<Item = (u64, u64)> + '_ {
    histogram.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value().as_u64()))
}

/// A time as histograms take it.
pub(super) fn capped(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX).min(HIGHEST_MICROS)
}

fn clip(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Contents of a histogram as pairs of microseconds and count.
#[derive(Debug, Clone, Default)]
pub struct Sparse {
    exact: Exact,
    values: Vec<(u32, u32)>,
    /// Length after the last compaction.
    compact: usize,
}

impl Sparse {
    /// The content of a histogram, and its exact figures.
    pub(crate) fn of<C: Counter>(exact: Exact, histogram: &Histogram<C>) -> Self {
        if exact.count == 0 {
            return Self::default();
        }
        let narrow = |(value, count)| (clip(value), clip(count));
        Self { exact, values: values(histogram).map(narrow).collect(), compact: 0 }
    }

    /// Microseconds in any order, and the exact figures of their times.
    pub(crate) fn of_each(exact: Exact, micros: impl Iterator<Item = u32>) -> Self {
        Self { exact, values: micros.map(|micros| (micros, 1)).collect(), compact: 0 }
    }

    /// Count, sum, minimum and maximum.
    pub fn exact(&self) -> &Exact {
        &self.exact
    }

    /// Appends the times of `other`; compacts when there are too many pairs.
    pub fn merge(&mut self, other: &Sparse) {
        self.exact.merge(&other.exact);
        self.values.extend_from_slice(&other.values);
        if self.values.len() > 2 * self.compact + 1_024 {
            self.compact();
        }
    }

    /// Sorts the pairs and joins equal values.
    pub fn compact(&mut self) {
        self.values.sort_unstable_by_key(|(value, _)| *value);
        self.values.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        self.compact = self.values.len();
    }

    /// Microseconds with counts; ascending only after [`Self::compact`]. Values above 71 minutes are clamped to that.
    pub fn values(&self) -> &[(u32, u32)] {
        &self.values
    }

    /// The `percentile`-th percentile, clamped to minimum and maximum; call [`Self::compact`] first. `None` without
    /// times.
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        if self.exact.count == 0 {
            return None;
        }
        let (rank, mut seen) = (rank(percentile, self.exact.count), 0);
        let found = self.values.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        });
        let (min, max) = (Duration::from_nanos(self.exact.min), Duration::from_nanos(self.exact.max));
        // The last rank is the exact maximum.
        let value = found.filter(|_| rank < self.exact.count);
        Some(value.map_or(max, |(micros, _)| Duration::from_micros(u64::from(*micros)).clamp(min, max)))
    }

    /// All percentiles; call [`Self::compact`] first.
    pub fn latency(&self) -> Latency {
        if self.exact.count == 0 {
            return Latency::default();
        }
        self.exact.latency(self.values.iter().map(|(value, count)| (u64::from(*value), u64::from(*count))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recorded(micros: &[u64]) -> Times<u32> {
        let mut times = Times::fine();
        micros.iter().for_each(|m| times.record(Duration::from_micros(*m)));
        times
    }

    #[test]
    fn a_slow_row_takes_its_memory_once() {
        let mut times = Times::<u64>::fine();
        let mut absorb = |micros: &[u64]| {
            times.absorb(&recorded(micros).sparse());
            (times.histogram.distinct_values(), times.exact.count)
        };
        let (quick, _) = absorb(&[1_000, 250_000]);
        let (slow, count) = absorb(&[300_000]);
        assert!(quick < slow && count == 3, "{quick} and {slow}");
        assert_eq!(absorb(&[2_500_000, 16_000_000]), (slow, 5));
        assert!(absorb(&[20_000_000]).0 > slow);
        assert_eq!(times.latency(), recorded(&[1_000, 250_000, 300_000, 2_500_000, 16_000_000, 20_000_000]).latency());
    }

    #[test]
    fn ranks_are_exact() {
        for (p, n, expected) in [(50.0, 1, 1), (50.0, 2, 1), (50.0, 100, 50), (99.0, 100, 99), (99.9, 1_000, 999)] {
            assert_eq!(rank(p, n), expected, "p{p} of {n}");
        }
        assert_eq!(rank(99.99, 10_000), 9_999);
        assert_eq!(rank(100.0, u64::MAX), u64::MAX);
    }

    #[test]
    fn percentile_outside_the_table_is_computed() {
        let micros: Vec<u64> = (1..=1_000).collect();
        let mut sparse = recorded(&micros).sparse();
        sparse.compact();
        for (p, micros) in [(0.0, 1), (50.0, 500), (97.5, 975), (99.95, 1_000), (100.0, 1_000)] {
            assert_eq!(sparse.percentile(p), Some(Duration::from_micros(micros)), "p{p}");
        }
        assert_eq!(sparse.percentile(95.0), Some(sparse.latency().p(95.0)));
        assert_eq!(Sparse::default().percentile(95.0), None);
    }

    #[test]
    fn one_value_is_every_percentile() {
        let latency = recorded(&[123_457]).latency();
        assert!(latency.percentiles.iter().all(|p| *p == Duration::from_micros(123_457)), "{latency:?}");
        assert_eq!((latency.min, latency.mean, latency.max), (latency.max, latency.max, latency.max));
    }

    #[test]
    fn maximum_beyond_the_histogram_is_exact() {
        let mut times: Times<u32> = Times::fine();
        times.record(Duration::from_secs(7_200));
        times.record(Duration::MAX);
        assert_eq!(times.exact().min, 7_200_000_000_000);
        assert_eq!(times.latency().p(100.0), Duration::from_nanos(u64::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn percentiles_are_those_of_the_sorted_samples(mut micros in proptest::collection::vec(0u64..100_000_000, 1..400)) {
            let latency = recorded(&micros).latency();
            micros.sort_unstable();
            for p in PERCENTILES {
                let truth = micros[rank(p, micros.len() as u64) as usize - 1];
                let got = latency.p(p).as_micros() as u64;
                prop_assert!(got.abs_diff(truth) <= (truth / 1_000).max(1), "p{p}: {got} for {truth}");
            }
            prop_assert_eq!(latency.mean, Duration::from_nanos(micros.iter().sum::<u64>() * 1_000 / micros.len() as u64));
        }

        #[test]
        fn merged_parts_equal_the_whole(micros in proptest::collection::vec(0u64..10_000_000, 1..300), cut in 0usize..300) {
            let cut = cut.min(micros.len());
            let (mut total, mut sparse) = (Times::<u64>::fine(), Sparse::default());
            for part in [&micros[..cut], &micros[cut..]] {
                total.absorb(&recorded(part).sparse());
                sparse.merge(&recorded(part).sparse());
            }
            sparse.compact();
            prop_assert_eq!(total.latency(), recorded(&micros).latency());
            prop_assert_eq!(sparse.latency(), recorded(&micros).latency());
        }
    }
}
