//! One owner of all totals: merges intervals, keeps the 10 s window and the series, publishes snapshots.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::interval::Interval;
use super::snapshot::{Event, Health, LoadView, RunInfo, RunState, Snapshot};

/// Owns the statistics of a run. It reads no clock: every moment is passed in.
#[derive(Debug)]
pub struct Aggregator {}

/// What the engine knows at the moment of a snapshot.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Run time, pauses excluded.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// State of the run.
    pub state: RunState,
    /// Users wanted.
    pub target: u32,
    /// Users per second.
    pub spawn_rate: f64,
    /// Integral of users over time, in user-hours.
    pub vu_hours: f64,
    /// Process-wide health signals; the aggregator adds timer lag and schedule delay and sets the level.
    pub health: Health,
}

impl Aggregator {
    /// For a plan's endpoints, as pairs of method and name.
    pub fn new(_run: RunInfo, _endpoints: Vec<(Arc<str>, Arc<str>)>, _shards: usize) -> Self {
        Self {}
    }

    /// Merges an interval and clears it for reuse. One of an older epoch only updates users, in flight and cut.
    pub fn absorb(&mut self, _interval: &mut Interval) {}

    /// Forgets all statistics; from now on only intervals of `epoch` count.
    pub fn reset(&mut self, _epoch: u32, _elapsed: Duration) {}

    /// Notes a change of load.
    pub fn event(&mut self, _event: Event) {}

    /// The picture at this moment. Closes series buckets and window slots that `moment` has left behind.
    pub fn snapshot(&mut self, moment: Moment) -> Arc<Snapshot> {
        let _: LoadView = LoadView { target: moment.target, ..LoadView::default() };
        unreachable!("replaced")
    }
}
