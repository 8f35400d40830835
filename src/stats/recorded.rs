//! Times of one row in one interval: a list while there are few, a histogram from then on. A plan with hundreds of rows
//! has few of each, and histograms for them would take more memory than all else.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::histogram::{Exact, Sparse, capped, fine};

/// Most times in the list: 2 KiB.
const FEW: usize = 512;
/// Significant bits of a time in a histogram with three digits.
const BITS: u32 = 11;

/// Such times.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    exact: Exact,
    /// Microseconds, as they came.
    few: Vec<u32>,
    /// All of them, once they do not fit into the list. It is kept for later intervals.
    many: Option<Histogram<u32>>,
}

impl Recorded {
    pub fn new() -> Self {
        Self { exact: Exact::default(), few: Vec::with_capacity(FEW), many: None }
    }

    pub fn record(&mut self, time: Duration) {
        self.exact.record(time);
        let micros = capped(time);
        if self.few.len() < FEW {
            self.few.push(micros);
            return;
        }
        let is_first = self.exact.count == FEW as u64 + 1;
        let many = self.many.get_or_insert_with(fine);
        if is_first {
            many.reset();
        }
        // It grows up to the longest time, which is within what it can address.
        let mut count = |micros| _ = many.record(u64::from(micros));
        if is_first {
            self.few.iter().copied().for_each(&mut count);
        }
        count(micros);
    }

    pub fn clear(&mut self) {
        self.exact = Exact::default();
        self.few.clear();
    }

    /// The same content in compact form, with the resolution of a histogram.
    pub fn sparse(&self) -> Sparse {
        match &self.many {
            Some(many) if self.exact.count > FEW as u64 => Sparse::of(self.exact, many),
            _ => Sparse::of_each(self.exact, self.few.iter().map(|micros| highest_equivalent(*micros))),
        }
    }
}

/// The longest time that a histogram cannot tell from this one.
fn highest_equivalent(micros: u32) -> u32 {
    let coarse = (u32::BITS - micros.leading_zeros()).saturating_sub(BITS);
    micros | ((1 << coarse) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::histogram::Times;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever comes in one interval after another, a histogram would have it too.
        #[test]
        fn it_is_what_a_histogram_has(
            intervals in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(0u64..5_000, 0..FEW + 2),
                    proptest::collection::vec(0u64..4_000_000_000_000, 0..2 * FEW),
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
    fn few_times_take_no_histogram() {
        let mut recorded = Recorded::new();
        (0..FEW).for_each(|n| recorded.record(Duration::from_millis(n as u64)));
        assert!(recorded.many.is_none() && recorded.few.capacity() == FEW);
        recorded.record(Duration::ZERO);
        assert!(recorded.many.is_some() && recorded.few.capacity() == FEW);
    }
}
