//! The snapshot of a run in which nothing has happened.

use super::*;

impl Snapshot {
    /// For tests: without requests.
    #[cfg(test)]
    pub(crate) fn empty(state: RunState) -> Self {
        let run = RunInfo {
            scenario: "s".into(),
            host: "http://h".into(),
            started: SystemTime::UNIX_EPOCH,
            is_insecure: false,
            run_time: None,
            classes: vec!["User".into()],
            seed: 1,
            operations: Vec::new(),
            trace_url: None,
        };
        Self::of_run(run, state)
    }

    /// Of a run of which nothing else is known.
    pub(crate) fn of_run(run: RunInfo, state: RunState) -> Self {
        Self {
            seq: 1,
            at: SystemTime::UNIX_EPOCH,
            run: Arc::new(run),
            elapsed: Duration::ZERO,
            measured: Duration::ZERO,
            resets: 0,
            state,
            load: LoadView::default(),
            total: Row::default(),
            endpoints: Vec::new(),
            distribution: Vec::new(),
            failures: FailureView::default(),
            exceptions: Vec::new(),
            series: Series::default(),
            seconds: Arc::default(),
            blocks: Default::default(),
            drifts: Arc::default(),
            judgements: Arc::default(),
            health: Health::default(),
            aborted: 0,
            redis: None,
            costs: Vec::new(),
            remarks: Vec::new(),
            slowest: Vec::new(),
            events: Arc::default(),
            plan: PlanView::default(),
            log: LogView::default(),
        }
    }
}
