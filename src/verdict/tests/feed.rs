//! A simulated run, second by second, with the real aggregator.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::scenario::{Overrides, Plan, Scenario};
use crate::stats::delivery::Tally;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::{Arrivals, End, Health, Judgement, PlanView, RunInfo, RunState};
use crate::stats::{Aggregator, Failure, Lookups, Moment, Reason, Recorder, Sample, Snapshot};
use crate::verdict::Judge;

/// What happens in one second.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    /// Row, milliseconds, failed, number of requests.
    pub requests: Vec<(u32, u64, bool, usize)>,
    /// Refused requests to the first row, each after a quarter of a millisecond.
    pub refused: usize,
    pub stage: Option<usize>,
    pub dropped: u64,
    pub exceptions: usize,
    pub deliveries: Vec<(u32, Tally)>,
    pub lookups: Vec<(u32, Lookups)>,
    /// Milliseconds between due time and send.
    pub delays: Vec<u64>,
    pub cpu: f64,
    pub cuts: Option<u64>,
}

/// `count` successful requests to the first row, each taking `millis`.
pub fn steady(count: usize, millis: u64) -> Activity {
    Activity { requests: vec![(0, millis, false, count)], ..Activity::default() }
}

pub struct Feed {
    pub aggregator: Aggregator,
    pub judge: Judge,
    recorder: Recorder,
    pub epoch: u32,
    is_warm: bool,
    at: Duration,
}

pub fn plan(text: &str) -> Plan {
    let scenario = Scenario::parse("t.yaml", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.plan(&Overrides::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

impl Feed {
    /// Feed for a scenario with these thresholds (a YAML list) and additional top-level keys.
    pub fn new(top: &str, thresholds: &str) -> Self {
        let steps = "{ get: / }, { post: /buy }";
        let tasks = format!("tasks: [{{ tags: [t], steps: [{steps}] }}]");
        Self::of(&plan(&format!("host: http://h\n{top}\n{tasks}\nthresholds: {thresholds}\n")))
    }

    pub fn of(plan: &Plan) -> Self {
        let run = RunInfo {
            scenario: "s".into(),
            host: "h".into(),
            started: SystemTime::UNIX_EPOCH,
            is_insecure: false,
            run_time: None,
            classes: Vec::new(),
            seed: 1,
            operations: Vec::new(),
            trace_url: None,
        };
        let rows: Vec<_> = plan.endpoints.iter().map(|row| (row.kind.clone(), Arc::clone(&row.name))).collect();
        let count = rows.len();
        Self {
            aggregator: Aggregator::new(run, rows, 1),
            judge: Judge::new(plan),
            recorder: Recorder::new(0, count),
            epoch: 0,
            is_warm: false,
            at: Duration::ZERO,
        }
    }

    fn snapshot(&mut self, state: RunState, cpu: f64) -> Arc<Snapshot> {
        let health = Health { cpu, ..Health::default() };
        let (elapsed, at) = (self.at, SystemTime::UNIX_EPOCH + self.at);
        let moment = Moment { elapsed, at, state, target: 1, spawn_rate: 1.0, vu_hours: 0.0, health };
        let mut snapshot = self.aggregator.snapshot(moment);
        self.judge.observe(&snapshot);
        Arc::make_mut(&mut snapshot).judgements = Arc::clone(self.judge.judgements());
        snapshot
    }

    /// Simulates one second.
    pub fn second(&mut self, activity: &Activity) -> Arc<Snapshot> {
        for (endpoint, millis, failed, count) in &activity.requests {
            for _ in 0..*count {
                let service = Duration::from_millis(*millis);
                let failure = failed.then(|| Box::new(Failure { reason: Reason::Status(500), example: None }));
                self.recorder.record(Sample { failure, ..Sample::of(*endpoint, service) });
            }
        }
        for _ in 0..activity.refused {
            let failure = Some(Box::new(Failure { reason: Reason::ConnectionRefused, example: None }));
            self.recorder.record(Sample { failure, ..Sample::of(0, Duration::from_micros(250)) });
        }
        for _ in 0..activity.exceptions {
            self.recorder.exception(&"place".into(), "wrong");
        }
        activity.deliveries.iter().for_each(|(row, tally)| self.recorder.delivery(*row, tally));
        activity.lookups.iter().for_each(|(row, lookups)| self.recorder.lookups(*row, lookups));
        activity.delays.iter().for_each(|millis| self.recorder.schedule_delay(Duration::from_millis(*millis)));
        let mut interval = self.recorder.swap(None);
        interval.epoch = self.epoch;
        interval.arrivals = Arrivals { started: 0, dropped: activity.dropped };
        self.aggregator.absorb(&mut interval);
        if let Some(cuts) = activity.cuts {
            let figures = ServerFigures { output_buffer_cuts: Some(cuts), ..ServerFigures::default() };
            self.aggregator.server(figures);
        }
        // The engine reports its stage before each snapshot; a second belongs to the stage reported before its end.
        for _ in 0..2 {
            let (stage_index, warm_up) = (activity.stage, self.is_warm);
            self.aggregator.plan(PlanView { stage_index, warm_up, ..PlanView::default() });
        }
        self.at += Duration::from_secs(1);
        self.snapshot(RunState::Running, activity.cpu)
    }

    /// Simulates `count` identical seconds.
    pub fn seconds(&mut self, count: usize, activity: &Activity) -> Vec<Judgement> {
        (0..count).for_each(|_| drop(self.second(activity)));
        self.judge.judgements().to_vec()
    }

    /// Resets the statistics.
    pub fn reset(&mut self) {
        self.epoch += 1;
        self.aggregator.reset(self.epoch, self.at);
    }

    pub fn warm_up(&mut self) {
        self.epoch += 1;
        self.is_warm = true;
        self.aggregator.warm_up(self.epoch, self.at);
    }

    pub fn end_warm_up(&mut self) {
        self.epoch += 1;
        self.is_warm = false;
        self.aggregator.end_warm_up(self.epoch, self.at);
        self.aggregator.plan(PlanView::default());
    }

    /// The last snapshot of the run.
    pub fn end(&mut self) -> Arc<Snapshot> {
        self.snapshot(RunState::Done(End::Completed), 0.0)
    }
}
