//! What was measured of some requests, added up over a length of time: never averaged, always merged.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Exact, Sparse, rank};

/// What is only added up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// Run time in which it was measured.
    pub covered: Duration,
    /// Finished requests, failed ones included; for deliveries, messages.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Times, exactly.
    pub exact: Exact,
    /// Iterations that were due.
    pub arrivals: Arrivals,
    /// Errors in the scenario itself.
    pub exceptions: u64,
    /// What became of messages.
    pub tally: Tally,
    /// CPU of this process, 1.0 being every core it may use, times seconds; and the seconds in which it is known.
    pub cpu: (f64, f64),
    /// Clients that the Redis server cut because they read too slowly; `None` while it has not said.
    pub cuts: Option<u64>,
}

impl Sums {
    /// Adds what was measured in another time.
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

    /// Their mean time; `None` without times.
    pub fn mean(&self) -> Option<Duration> {
        (self.exact.count > 0).then(|| self.exact.mean().mean)
    }
}

/// Times by microseconds, with the count of each: histograms can be added, and taken away again when they leave a
/// sliding window. Its size follows the different values, not the requests.
#[derive(Debug, Clone, Default)]
pub struct Times(BTreeMap<u32, u64>);

impl Times {
    /// Adds a histogram.
    pub fn add(&mut self, times: &Sparse) {
        for (micros, count) in times.values() {
            *self.0.entry(*micros).or_default() += u64::from(*count);
        }
    }

    /// Takes one away that was added.
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

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The `percentile`-th percentile of as many times as `exact` counts, within its bounds; `None` without times.
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
        // The last rank is the maximum, which is known exactly.
        let value = found.filter(|_| rank < exact.count);
        Some(value.map_or(max, |(micros, _)| Duration::from_micros(u64::from(*micros)).clamp(min, max)))
    }
}
