//! Measurements of some requests over a period. They are always merged, never averaged.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Exact, Sparse, rank};

/// Counters and sums.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// Run time covered.
    pub covered: Duration,
    /// Finished requests, failed ones included; for deliveries, messages.
    pub requests: u64,
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
        self.failures += other.failures;
        self.exact.merge(&other.exact);
        self.arrivals.merge(other.arrivals);
        self.exceptions += other.exceptions;
        self.tally.merge(&other.tally);
        self.cpu = (self.cpu.0 + other.cpu.0, self.cpu.1 + other.cpu.1);
        self.cuts = match (self.cuts, other.cuts) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }

    /// Mean time; `None` without times.
    pub fn mean(&self) -> Option<Duration> {
        (self.exact.count > 0).then(|| self.exact.mean().mean)
    }
}

/// Count of times by microsecond. Histograms can be added, and subtracted when they leave a sliding window. Memory
/// depends on the number of different values, not on the number of requests.
#[derive(Debug, Clone, Default)]
pub struct Times(BTreeMap<u32, u64>);

impl Times {
    /// Adds a histogram.
    pub fn add(&mut self, times: &Sparse) {
        for (micros, count) in times.values() {
            *self.0.entry(*micros).or_default() += u64::from(*count);
        }
    }

    /// Subtracts a histogram that was added before.
    pub fn remove(&mut self, times: &Sparse) {
        for (micros, count) in times.values() {
            if let Some(known) = self.0.get_mut(micros) {
                *known = known.saturating_sub(u64::from(*count));
                if *known == 0 {
                    self.0.remove(micros);
                }
            }
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The `percentile`-th percentile, clamped to the minimum and maximum of `exact`; `None` without times.
    pub fn percentile(&self, percentile: f64, exact: &Exact) -> Option<Duration> {
        if exact.count == 0 {
            return None;
        }
        let (rank, mut seen) = (rank(percentile, exact.count), 0);
        let found = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        let (min, max) = (Duration::from_nanos(exact.min), Duration::from_nanos(exact.max));
        // The last rank is the exact maximum.
        let value = found.filter(|_| rank < exact.count);
        Some(value.map_or(max, |(micros, _)| Duration::from_micros(u64::from(*micros)).clamp(min, max)))
    }
}
