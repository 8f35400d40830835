//! The slowest requests of a row whose traces are known.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::by_row::Merge;
use super::sample::Sample;
use super::trace_id::TraceId;

/// Maximum number of requests per row.
pub const MAX_SLOWEST: usize = 5;

/// A request with its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedRequest {
    /// Response time.
    pub took: Duration,
    /// End of the request, wall clock.
    pub at: SystemTime,
    /// Whether it failed.
    pub failed: bool,
    /// Its trace.
    pub trace: TraceId,
}

/// The slowest requests with a trace, slowest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowest(SmallVec<[TracedRequest; MAX_SLOWEST]>);

impl Slowest {
    /// The requests, slowest first.
    pub fn iter(&self) -> impl Iterator<Item = &TracedRequest> {
        self.0.iter()
    }

    /// Adds a finished request, if it is one of the slowest.
    pub(super) fn record(&mut self, trace: TraceId, sample: &Sample) {
        let took = sample.response_time();
        if self.has_room_for(took) {
            // The clock is read only for the few that are kept.
            let (at, failed) = (SystemTime::now(), sample.failure.is_some());
            self.add(TracedRequest { took, at, failed, trace });
        }
    }

    fn has_room_for(&self, took: Duration) -> bool {
        self.0.len() < MAX_SLOWEST || self.0.last().is_some_and(|last| last.took < took)
    }

    fn add(&mut self, request: TracedRequest) {
        let at = self.0.partition_point(|known| known.took >= request.took);
        self.0.truncate(MAX_SLOWEST - 1);
        self.0.insert(at.min(self.0.len()), request);
    }
}

impl FromIterator<TracedRequest> for Slowest {
    fn from_iter<I: IntoIterator<Item = TracedRequest>>(requests: I) -> Self {
        let mut slowest = Self::default();
        for request in requests {
            if slowest.has_room_for(request.took) {
                slowest.add(request);
            }
        }
        slowest
    }
}

impl Merge for Slowest {
    fn merge(&mut self, other: &Self) {
        *self = self.iter().chain(other.iter()).copied().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Slowest {
        let mut slowest = Slowest::default();
        for millis in times {
            let trace = TraceId::parse(&format!("{millis:032x}")).expect("an id");
            slowest.record(trace, &Sample::of(0, Duration::from_millis(millis)));
        }
        slowest
    }

    fn times(slowest: &Slowest) -> Vec<u128> {
        slowest.iter().map(|request| request.took.as_millis()).collect()
    }

    #[test]
    fn the_slowest_are_kept_in_order() {
        assert_eq!(times(&of([3, 1])), [3, 1]);
        let mut slowest = of([5, 1, 9, 7, 3, 2, 8, 1]);
        assert_eq!(times(&slowest), [9, 8, 7, 5, 3]);
        slowest.merge(&of([6, 10, 4, 2]));
        assert_eq!(times(&slowest), [10, 9, 8, 7, 6]);
        assert_eq!(slowest.0[0].trace.low.get(), 10);
    }
}
