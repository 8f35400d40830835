//! Creates snapshots of the run, with its state, plan and health.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Control;
use super::filling::Progress;
use crate::stats::snapshot::{Blocked, End, Health, PlanView, RunState};
use crate::stats::{Moment, Snapshot};

impl Control {
    pub(super) fn state(&self, t: Duration) -> RunState {
        let moves = match self.controller.arrivals(t) {
            Some(rate) => (rate - self.controller.rate(t).0).abs() > 1e-6,
            None => self.ordered != self.controller.target(t).0,
        };
        if self.stopping.is_some() {
            RunState::Stopping
        } else if self.is_prefilling() {
            RunState::Prefilling
        } else if self.clock.is_paused() {
            RunState::Paused
        } else if moves {
            RunState::Ramping
        } else {
            RunState::Running
        }
    }

    /// Current snapshot.
    pub(super) fn snapshot(&mut self) -> Arc<Snapshot> {
        let state = self.state(self.clock.elapsed());
        self.snapshot_in(state)
    }

    /// Last snapshot, after all shards have ended.
    pub(super) fn last_snapshot(&mut self) -> Arc<Snapshot> {
        let broken = self.shards.join();
        // A shard that crashed never reports the end of a warm-up.
        self.release_events();
        let end = if broken { End::Broken } else { self.stopping.map_or(End::Broken, |(why, _)| why) };
        self.snapshot_in(RunState::Done(end))
    }

    fn snapshot_in(&mut self, state: RunState) -> Arc<Snapshot> {
        let t = self.clock.elapsed();
        let stages = self.plan.schedule.stages();
        let stage = self.stage.and_then(|index| stages.get(index)).map(|stage| Arc::clone(&stage.name));
        self.aggregator.plan(PlanView {
            stage: stage.filter(|name| !name.is_empty()),
            stage_index: self.stage,
            steered: self.controller.is_steered(),
            warm_up: self.warm_up.is_warm(),
            prefill: self.prefill.as_ref().map(Progress::view),
            rate: self.controller.arrivals(t).map(|rate| if self.stopping.is_some() { 0.0 } else { rate }),
            ..PlanView::default()
        });
        let news = self.server.as_mut().filter(|server| server.has_changed().unwrap_or(false));
        if let Some(figures) = news.and_then(|server| server.borrow_and_update().clone()) {
            match self.stopping {
                None => self.aggregator.server(figures),
                Some(_) => self.aggregator.server_left(figures),
            }
        }
        let blocked = Blocked { now: self.shards.overdue(), ..Blocked::default() };
        let mut snapshot = self.aggregator.snapshot(Moment {
            elapsed: t,
            at: SystemTime::now(),
            state,
            target: if self.stopping.is_some() { 0 } else { self.controller.target(t).0 },
            spawn_rate: self.controller.rate(t).0,
            vu_hours: self.vu_seconds / 3_600.0,
            health: Health { blocked, ..self.probe.sample() },
        });
        self.judge.observe(&snapshot);
        let drifts = self.drifts.observe(&snapshot);
        // The only reference so far.
        let shown = Arc::make_mut(&mut snapshot);
        (shown.judgements, shown.drifts) = (Arc::clone(self.judge.judgements()), drifts);
        if let Some(failed) = self.judge.wants_stop().filter(|_| self.stopping.is_none()) {
            let value = failed.value.as_ref().map(|value| format!(" ({value})")).unwrap_or_default();
            self.add_note(format!("stopped by a threshold: {}{value}", failed.check));
            self.stop(End::Threshold);
        }
        snapshot
    }
}
