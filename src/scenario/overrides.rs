//! Values of flags and launcher fields that override those of the scenario.

use std::time::Duration;

use super::plan::{Load, Plan, Schedule, TraceHeaders};
use crate::units::{self, PerSecond, UnitError, Users};

/// Values of flags or launcher fields that override those of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Base URL, or Redis URL.
    pub host: Option<String>,
    /// Base URL of the demo target, for scenarios that use it.
    pub demo: Option<String>,
    /// Peak number of users.
    pub users: Option<Users>,
    /// Spawn rate.
    pub spawn_rate: Option<PerSecond>,
    /// Run time; `Some(None)` runs until stopped.
    pub run_time: Option<Option<Duration>>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Option<Duration>,
    /// Use the same weight for all tasks of a class, except those that never run.
    pub equal_weights: bool,
    /// Send trace headers.
    pub traces: Option<TraceHeaders>,
    /// Used if neither these values nor the scenario set one.
    pub defaults: LoadDefaults,
}

/// Defaults from `config.yaml`; each is used only if neither flags nor the scenario set the value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadDefaults {
    /// Base URL, or Redis URL.
    pub host: Option<String>,
    /// Peak number of users.
    pub users: Option<Users>,
    /// Spawn rate.
    pub spawn_rate: Option<PerSecond>,
    /// Run time.
    pub run_time: Option<Duration>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Option<Duration>,
}

impl Overrides {
    /// Applies the overrides. A number of users or a spawn rate replaces stages; with arrivals, the number is the
    /// maximum. A shorter run time ends the run early, a longer one continues at the last level.
    pub(super) fn apply(&self, plan: &mut Plan) -> Result<(), UnitError> {
        let written = plan.schedule.clone();
        if self.equal_weights {
            let tasks = plan.classes.iter_mut().flat_map(|class| &mut class.tasks);
            tasks.for_each(|task| task.weight = task.weight.min(1));
        }
        if let Some(users) = self.users {
            plan.load.users = units::parse_users(&users.to_string())?;
        }
        if let Some(PerSecond(rate)) = self.spawn_rate {
            plan.load.spawn_rate = units::parse_spawn_rate(&rate.to_string())?;
        }
        if let Some(run_time) = self.run_time {
            plan.load.run_time = run_time;
        }
        if let Some(stop_timeout) = self.stop_timeout {
            plan.load.stop_timeout = stop_timeout;
        }
        if self.users.is_some() || self.spawn_rate.is_some() || self.run_time.is_some() {
            plan.schedule = written.overridden(&plan.load, self.users.is_some() || self.spawn_rate.is_some());
        }
        if plan.schedule.is_shaped() && self.run_time.is_some() {
            // Stages that are not reached have no users.
            plan.load.users = Users(plan.load.users.0.min(plan.schedule.peak_users().0));
        }
        plan.traces.clone_from(&self.traces);
        plan.remarks.extend(self.remarks(&written, &plan.load));
        Ok(())
    }

    /// Note about what a flag replaces, or that it has no effect.
    fn remarks(&self, written: &Schedule, load: &Load) -> Option<String> {
        if self.users.is_none() && self.spawn_rate.is_none() {
            return None;
        }
        if written.is_open() {
            let ignored =
                "the given spawn rate has no effect: the arrival rate in the file determines when users start";
            return self.spawn_rate.map(|_| ignored.to_owned());
        }
        let given = match (self.users, self.spawn_rate) {
            (Some(_), Some(_)) => "number of users and spawn rate replace",
            (Some(_), None) => "number of users replaces",
            _ => "spawn rate replaces",
        };
        let (n, rate) = (load.users.0, load.spawn_rate);
        let now = format!("{}, {rate} started per second", units::counted(n.into(), "user"));
        written.is_shaped().then(|| format!("the given {given} the stages of the file: {now}"))
    }
}
