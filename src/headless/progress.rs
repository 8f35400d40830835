//! Progress of a run for its log: start, ramp, changes of load, end.

use std::time::Duration;

use crate::clean;
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, RunState};
use crate::units::{PerSecond, count, counted, plain};

/// What has already been logged.
#[derive(Debug, Default)]
pub(super) struct Progress {
    is_started: bool,
    state: Option<RunState>,
    /// Tenths of the commands before the users.
    prefilled: u128,
    /// Run time of the last logged change of load.
    changed: Duration,
    /// Notes that were printed before the start, and are not repeated.
    notes: Vec<String>,
}

impl Progress {
    /// Progress of a run that has not been logged yet; `notes` have been printed.
    pub(super) fn new(notes: &[String]) -> Self {
        Self { notes: notes.to_vec(), ..Self::default() }
    }

    /// New lines for this snapshot.
    pub(super) fn lines(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let mut lines = Vec::new();
        let load = &snapshot.load;
        if !std::mem::replace(&mut self.is_started, true) {
            let (name, host) = (clean::line(&snapshot.run.scenario), clean::line(&snapshot.run.host));
            lines.push(format!("Starting katydid {}: {name} against {host}", env!("CARGO_PKG_VERSION")));
            if let Some(run_time) = snapshot.run.run_time {
                lines.push(format!("Run time limit set to {}", plain(run_time)));
            }
        }
        let is_new = |text: &str| !self.notes.iter().any(|note| note == text);
        let events = snapshot.events.iter().filter(|event| event.elapsed > self.changed && is_new(&event.text));
        lines.extend(events.map(|event| clean::line(&event.text).into_owned()));
        self.changed = snapshot.events.last().map_or(self.changed, |event| event.elapsed.max(self.changed));
        if self.state != Some(snapshot.state) {
            lines.extend(match snapshot.state {
                RunState::Prefilling => {
                    let total = snapshot.plan.prefill.as_ref().map_or(0, |prefill| prefill.total);
                    Some(format!("Prefilling: {} before the users start", counted(total, "command")))
                }
                RunState::Ramping if load.target > 0 => Some(format!(
                    "Ramping to {} at a rate of {} per second",
                    users(load.target),
                    PerSecond(load.spawn_rate)
                )),
                RunState::Running => Some(format!("Ramp complete: {}", users(load.target))),
                RunState::Paused => Some("Paused".to_owned()),
                RunState::Stopping => Some("Stopping: running tasks may finish".to_owned()),
                RunState::Done(End::Completed) => Some("Run time limit reached".to_owned()),
                RunState::Done(End::Stopped) => Some("Stopped".to_owned()),
                RunState::Done(End::Threshold) => Some("Stopped: a threshold failed".to_owned()),
                RunState::Done(End::Budget) => Some("VU-hour budget reached".to_owned()),
                RunState::Done(End::NotPrefilled) => Some("The prefill failed".to_owned()),
                RunState::Done(End::Broken) => Some("The run failed".to_owned()),
                RunState::Ramping => None,
            });
            self.state = Some(snapshot.state);
        }
        if let Some(prefill) = snapshot.plan.prefill.as_ref().filter(|_| snapshot.state == RunState::Prefilling) {
            let tenth = u128::from(prefill.done) * 10 / u128::from(prefill.total.max(1));
            if tenth > std::mem::replace(&mut self.prefilled, tenth) {
                lines.push(format!("Prefilling: {prefill}"));
            }
        }
        lines
    }
}

fn users(n: u32) -> String {
    format!("{} user{}", count(n.into()), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headless::tests::snapshot;
    use crate::stats::snapshot::PrefillView;

    #[test]
    fn tenths_of_a_prefill_are_lines() {
        let mut progress = Progress::default();
        let mut now = snapshot(RunState::Prefilling);
        let mut lines_at = |done| {
            now.plan.prefill = Some(PrefillView { done, total: 2_000, error: None });
            progress.lines(&now)
        };
        assert_eq!(lines_at(0)[1..], ["Prefilling: 2,000 commands before the users start"]);
        assert_eq!(lines_at(199), Vec::<String>::new());
        assert_eq!(lines_at(450), ["Prefilling: 450 of 2,000 (22 %)"]);
        assert_eq!(lines_at(599), Vec::<String>::new());
        now.state = RunState::Done(End::NotPrefilled);
        assert_eq!(progress.lines(&now), ["The prefill failed"]);
    }

    #[test]
    fn each_change_is_one_line() {
        let mut progress = Progress::default();
        let mut now = snapshot(RunState::Ramping);
        (now.load.target, now.load.spawn_rate) = (4, 2.0);
        let lines = progress.lines(&now);
        assert_eq!(lines[0], format!("Starting katydid {}: s against http://h", env!("CARGO_PKG_VERSION")));
        assert_eq!(lines[1..], ["Ramping to 4 users at a rate of 2 per second"]);
        assert!(progress.lines(&now).is_empty());
        now.state = RunState::Running;
        assert_eq!(progress.lines(&now), ["Ramp complete: 4 users"]);
        now.state = RunState::Done(End::Completed);
        assert_eq!(progress.lines(&now), ["Run time limit reached"]);
    }
}
