//! All thresholds of a run, fed with its seconds.

use std::sync::Arc;

use super::case::Case;
use crate::scenario::Plan;
use crate::stats::Snapshot;
use crate::stats::snapshot::Judgement;

/// Judges a run while it goes on. It reads no clock: all it knows is in the snapshots that it is shown.
#[derive(Debug, Clone)]
pub struct Judge {
    cases: Vec<Case>,
    /// The latest second that was judged, and how often the statistics had been reset.
    seen: u64,
    resets: u32,
    /// Clients that the Redis server had cut when it was last seen, and those since the last second.
    cuts: (u64, Option<u64>),
    judgements: Arc<Vec<Judgement>>,
}

impl Judge {
    /// Of the thresholds of a plan, before its run.
    pub fn new(plan: &Plan) -> Self {
        let cases: Vec<Case> = plan.thresholds.iter().map(|threshold| Case::new(plan, threshold)).collect();
        let judgements = Arc::new(cases.iter().map(Case::judgement).collect());
        Self { cases, seen: 0, resets: 0, cuts: (0, None), judgements }
    }

    /// Takes what a snapshot has that the one before had not. The snapshots of a run must come in their order, none
    /// more than [`RECENT`](crate::stats::second::RECENT) seconds after the last.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        if self.cases.is_empty() {
            return;
        }
        self.look_at_server(snapshot);
        if snapshot.resets != self.resets {
            self.resets = snapshot.resets;
            self.cases.iter_mut().for_each(Case::reset);
        }
        let mut changed = false;
        for second in snapshot.seconds.iter().filter(|second| second.number > self.seen) {
            changed = true;
            let cuts = self.cuts.1.take();
            if !second.is_warm_up {
                self.cases.iter_mut().for_each(|case| case.add(second, cuts));
            }
        }
        self.seen = snapshot.seconds.last().map_or(self.seen, |second| second.number.max(self.seen));
        if snapshot.state.is_done() {
            let cuts = self.cuts.1.take();
            self.cases.iter_mut().for_each(|case| case.finish(snapshot.elapsed, cuts));
        }
        if changed || snapshot.state.is_done() {
            self.judgements = Arc::new(self.cases.iter().map(Case::judgement).collect());
        }
    }

    fn look_at_server(&mut self, snapshot: &Snapshot) {
        let server = snapshot.redis.as_ref().and_then(|redis| redis.server.as_ref());
        if let Some(cuts) = server.filter(|server| !server.unreached).and_then(|server| server.output_buffer_cuts) {
            let since = cuts.saturating_sub(self.cuts.0);
            self.cuts = (cuts, Some(self.cuts.1.unwrap_or(0) + since));
        }
    }

    /// How each threshold stands, in the order of the plan.
    pub fn judgements(&self) -> &Arc<Vec<Judgement>> {
        &self.judgements
    }

    /// The first threshold that has failed and stops the run.
    pub fn wants_stop(&self) -> Option<&Judgement> {
        let first = self.cases.iter().position(Case::wants_stop)?;
        self.judgements.get(first)
    }
}
