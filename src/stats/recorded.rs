//! Times of one row in one interval: a list up to [`LIST_CAPACITY`], then a histogram. Plans with hundreds of rows
//! record few times for each row; a histogram per row would dominate memory use.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::histogram::{Exact, Sparse, capped, fine};

/// Maximum length of the list, which is 2 KiB.
const LIST_CAPACITY: usize = 512;
/// Number of significant bits that a histogram with three significant digits keeps.
const SIGNIFICANT_BITS: u32 = 11;

/// Times of one row in one interval.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    exact: Exact,
    /// Times in microseconds, in order of arrival; the first [`LIST_CAPACITY`] of the interval.
    list: Vec<u32>,
    /// All times of the interval, if they exceed the list. Reused in later intervals.
    histogram: Option<Histogram<u32>>,
}

impl Recorded {
    pub fn new() -> Self {
        Self { exact: Exact::default(), list: Vec::with_capacity(LIST_CAPACITY), histogram: None }
    }

    /// Adds a time.
    pub fn record(&mut self, time: Duration) {
        self.exact.record(time);
        let micros = capped(time);
        if self.list.len() < LIST_CAPACITY {
            self.list.push(micros);
            return;
        }
        let is_first_beyond = self.exact.count == LIST_CAPACITY as u64 + 1;
        let histogram = self.histogram.get_or_insert_with(fine);
        if is_first_beyond {
            histogram.reset();
        }
        // Does not fail: the histogram resizes, and `capped` times are within its range.
        let mut count = |micros| _ = histogram.record(u64::from(micros));
        if is_first_beyond {
            self.list.iter().copied().for_each(&mut count);
        }
        count(micros);
    }

    /// Removes all times, and keeps allocations.
    pub fn clear(&mut self) {
        self.exact = Exact::default();
        self.list.clear();
    }

    /// Converts to the compact form, with the resolution of a histogram.
    pub fn sparse(&self) -> Sparse {
        match &self.histogram {
            Some(histogram) if self.exact.count > LIST_CAPACITY as u64 => Sparse::of(self.exact, histogram),
            _ => Sparse::of_each(self.exact, self.list.iter().map(|micros| highest_equivalent(*micros))),
        }
    }
}

/// The longest time that is in the same bucket of a histogram, in microseconds.
fn highest_equivalent(micros: u32) -> u32 {
    let dropped_bits = (u32::BITS - micros.leading_zeros()).saturating_sub(SIGNIFICANT_BITS);
    micros | ((1 << dropped_bits) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::histogram::Times;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Compares with a histogram, over several intervals.
        #[test]
        fn results_equal_those_of_a_histogram(
            intervals in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(0u64..5_000, 0..LIST_CAPACITY + 2),
                    proptest::collection::vec(0u64..4_000_000_000_000, 0..2 * LIST_CAPACITY),
                ],
                1..5,
            )
        ) {
            let mut recorded = Recorded::new();
            for nanos in intervals {
                let mut times = Times::<u32>::fine();
                recorded.clear();
                for time in nanos.into_iter().map(Duration::from_nanos) {
                    recorded.record(time);
                    times.record(time);
                }
                let (mut sparse, expected) = (recorded.sparse(), times.sparse());
                sparse.compact();
                prop_assert_eq!(sparse.exact(), expected.exact());
                prop_assert_eq!(sparse.values(), expected.values());
            }
        }
    }

    #[test]
    fn histogram_is_allocated_only_beyond_the_list() {
        let mut recorded = Recorded::new();
        (0..LIST_CAPACITY).for_each(|n| recorded.record(Duration::from_millis(n as u64)));
        assert!(recorded.histogram.is_none() && recorded.list.capacity() == LIST_CAPACITY);
        recorded.record(Duration::ZERO);
        assert!(recorded.histogram.is_some() && recorded.list.capacity() == LIST_CAPACITY);
    }
}
