//! Measurements of some requests over a period. They are always merged, never averaged.

use std::time::Duration;

use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Exact, Lookups, Sparse, rank};

/// Counters and sums.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// Run time covered.
    pub covered: Duration,
    /// Finished requests, failed ones included; for deliveries, messages.
    pub requests: u64,
    /// Requests that got a response.
    pub responses: u64,
    /// Failed requests.
    pub failures: u64,
    /// Exact sums of the times.
    pub exact: Exact,
    /// Iterations that were due, by outcome.
    pub arrivals: Arrivals,
    /// Errors in the scenario itself.
    pub exceptions: u64,
    /// Message counters: received, lost, late and so on.
    pub tally: Tally,
    /// Keys looked up.
    pub lookups: Lookups,
    /// CPU of this process times seconds (1.0 is all cores it may use), and the seconds for which it is known.
    pub cpu: (f64, f64),
    /// Clients that the Redis server disconnected because they read too slowly; `None` if unknown.
    pub cuts: Option<u64>,
}

impl Sums {
    /// Adds the measurements of another period.
    pub fn merge(&mut self, other: &Sums) {
        self.covered += other.covered;
        self.requests += other.requests;
        self.responses += other.responses;
        self.failures += other.failures;
        self.exact.merge(&other.exact);
        self.arrivals.merge(other.arrivals);
        self.exceptions += other.exceptions;
        self.tally.merge(&other.tally);
        self.lookups.merge(&other.lookups);
        self.cpu = (self.cpu.0 + other.cpu.0, self.cpu.1 + other.cpu.1);
        self.cuts = match (self.cuts, other.cuts) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }

    /// True if this percentile is one of the requests without a response, which count as slower than all others: their
    /// recorded times are those until the failure, such as of a refused connection.
    pub fn is_silent_at(&self, percentile: f64) -> bool {
        rank(percentile, self.requests) > self.responses
    }

    /// Mean time; `None` without times.
    pub fn mean(&self) -> Option<Duration> {
        (self.exact.count > 0).then(|| self.exact.mean().mean)
    }
}

/// Counts of times in bins of three significant digits, those of `hdrhistogram` and so of every report. Histograms can be
/// added, and subtracted when they leave a sliding window. Memory does not depend on the number of times.
#[derive(Debug, Clone)]
pub struct Times {
    counts: Vec<u64>,
}

/// Bins of a doubling of the time. Below twice as many microseconds, each has a bin of its own.
const HALF: usize = 1_024;
/// Longest time for which memory is taken at the start, 17 s.
const USUAL: u32 = (2_048 << 13) - 1;

/// The bin of a time.
fn bin(micros: u32) -> usize {
    let shift = (u32::BITS - micros.leading_zeros()).saturating_sub(11);
    shift as usize * HALF + (micros >> shift) as usize
}

/// The longest time in a bin, in microseconds.
fn longest(bin: usize) -> u64 {
    let shift = (bin / HALF).saturating_sub(1);
    let place = (bin - shift * HALF) as u64;
    ((place + 1) << shift) - 1
}

impl Times {
    /// Takes memory for usual times, so that it does not grow with the run.
    pub fn new() -> Self {
        // Ones: memory that was never written to is not taken.
        let mut times = Self { counts: vec![1; bin(USUAL) + 1] };
        times.clear();
        times
    }

    /// Adds a histogram.
    pub fn add(&mut self, times: &Sparse) {
        for (micros, count) in times.values() {
            let bin = bin(*micros);
            if bin >= self.counts.len() {
                self.counts.resize(bin + 1, 0);
            }
            self.counts[bin] += u64::from(*count);
        }
    }

    /// Subtracts a histogram that was added before.
    pub fn remove(&mut self, times: &Sparse) {
        for (micros, count) in times.values() {
            if let Some(known) = self.counts.get_mut(bin(*micros)) {
                *known = known.saturating_sub(u64::from(*count));
            }
        }
    }

    /// Removes everything but memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// The `percentile`-th percentile, clamped to the minimum and maximum of `exact`; `None` without times.
    pub fn percentile(&self, percentile: f64, exact: &Exact) -> Option<Duration> {
        if exact.count == 0 {
            return None;
        }
        let (rank, mut seen) = (rank(percentile, exact.count), 0);
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let (min, max) = (Duration::from_nanos(exact.min), Duration::from_nanos(exact.max));
        // The last rank is the exact maximum.
        let value = found.filter(|_| rank < exact.count);
        Some(value.map_or(max, |bin| Duration::from_micros(longest(bin)).clamp(min, max)))
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    fn times(micros: &[u32]) -> (Sparse, Exact) {
        let nanos = |micros: Option<&u32>| micros.map_or(0, |micros| u64::from(*micros) * 1_000);
        let sum = micros.iter().map(|micros| u64::from(*micros) * 1_000).sum();
        let exact =
            Exact { count: micros.len() as u64, sum, min: nanos(micros.iter().min()), max: nanos(micros.iter().max()) };
        (Sparse::of_each(exact, micros.iter().copied()), exact)
    }

    proptest! {
        #[test]
        fn bins_are_those_of_the_library(micros in 1..3_600_000_000_u32, small in 1..20_000_u32) {
            let histogram = Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 3).unwrap();
            for micros in [micros, small] {
                prop_assert_eq!(longest(bin(micros)), histogram.highest_equivalent(micros.into()));
                prop_assert_eq!(bin(u32::try_from(longest(bin(micros))).unwrap()), bin(micros));
            }
        }

        #[test]
        fn what_leaves_a_window_leaves_no_trace(
            old in prop::collection::vec(1..30_000_000_u32, 0..40),
            new in prop::collection::vec(1..30_000_000_u32, 1..40),
        ) {
            let ((old, _), (new, exact)) = (times(&old), times(&new));
            let (mut window, mut only) = (Times::new(), Times::new());
            window.add(&old);
            window.add(&new);
            window.remove(&old);
            only.add(&new);
            for percentile in [1.0, 50.0, 95.0, 99.9, 100.0] {
                prop_assert_eq!(window.percentile(percentile, &exact), only.percentile(percentile, &exact));
            }
        }
    }

    #[test]
    fn memory_depends_on_the_slowest_time_only() {
        let mut kept = Times::new();
        let mut room = |micros: &[u32]| {
            kept.add(&times(micros).0);
            kept.counts.len()
        };
        let usual = room(&[1_000]);
        assert_eq!(room(&(1..200_000).collect::<Vec<u32>>()), usual);
        assert_eq!(room(&[16_000_000]), usual);
        assert!(room(&[20_000_000]) > usual);
    }
}
