//! Evaluates all thresholds of a run, second by second.

use std::sync::Arc;

use super::tracker::Tracker;
use crate::scenario::Plan;
use crate::stats::Snapshot;
use crate::stats::snapshot::Judgement;

/// Evaluates the thresholds of a run from its snapshots. Reads no clock.
#[derive(Debug, Clone)]
pub struct Judge {
    trackers: Vec<Tracker>,
    /// Number of the last second evaluated, and number of resets of the statistics.
    seen: u64,
    resets: u32,
    /// Clients disconnected by the Redis server at its last reading, and those not yet assigned to a second.
    cuts: (u64, Option<u64>),
    judgements: Arc<Vec<Judgement>>,
}

impl Judge {
    /// Judge for the thresholds of a plan, before the run.
    pub fn new(plan: &Plan) -> Self {
        let trackers: Vec<Tracker> = plan.thresholds.iter().map(|threshold| Tracker::new(plan, threshold)).collect();
        let judgements = Arc::new(trackers.iter().map(Tracker::judgement).collect());
        Self { trackers, seen: 0, resets: 0, cuts: (0, None), judgements }
    }

    /// Evaluates the new seconds of a snapshot. Call it with the snapshots of a run in order, at most
    /// [`RECENT`](crate::stats::second::RECENT) seconds apart.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        if self.trackers.is_empty() {
            return;
        }
        self.read_server(snapshot);
        if snapshot.resets != self.resets {
            self.resets = snapshot.resets;
            self.trackers.iter_mut().for_each(Tracker::reset);
        }
        let mut changed = false;
        for second in snapshot.seconds.iter().filter(|second| second.number > self.seen) {
            changed = true;
            let cuts = self.cuts.1.take();
            if !second.is_warm_up {
                self.trackers.iter_mut().for_each(|tracker| tracker.add(second, cuts));
            }
        }
        self.seen = snapshot.seconds.last().map_or(self.seen, |second| second.number.max(self.seen));
        if snapshot.state.is_done() {
            let cuts = self.cuts.1.take();
            self.trackers.iter_mut().for_each(|tracker| tracker.finish(snapshot.elapsed, cuts));
        }
        if changed || snapshot.state.is_done() {
            self.judgements = Arc::new(self.trackers.iter().map(Tracker::judgement).collect());
        }
    }

    fn read_server(&mut self, snapshot: &Snapshot) {
        let server = snapshot.redis.as_ref().and_then(|redis| redis.server.as_ref());
        if let Some(cuts) = server.filter(|server| !server.unreached).and_then(|server| server.output_buffer_cuts) {
            let since = cuts.saturating_sub(self.cuts.0);
            self.cuts = (cuts, Some(self.cuts.1.unwrap_or(0) + since));
        }
    }

    /// State of each threshold, in the order of the plan.
    pub fn judgements(&self) -> &Arc<Vec<Judgement>> {
        &self.judgements
    }

    /// The first threshold with `abort` that has failed.
    pub fn wants_stop(&self) -> Option<&Judgement> {
        let first = self.trackers.iter().position(Tracker::wants_stop)?;
        self.judgements.get(first)
    }
}
