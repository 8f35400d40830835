//! Computes the target number of users from the plan and from commands. No I/O, no clock.
//!
//! A plain run is a [`Ramp`] whose target and rate are changed by commands. A run with stages follows its schedule
//! until the first command; then a ramp continues from that point, until control is returned to the plan and the ramp
//! has caught up with the schedule. An open model has only a maximum number of users.

use std::time::Duration;

use super::ramp::Ramp;
use crate::scenario::Plan;
use crate::scenario::plan::{Goal, Schedule, Slope};
use crate::units::{PerSecond, Users};

/// Target load of a run.
#[derive(Debug, Clone)]
pub struct LoadController {
    schedule: Schedule,
    planned: (Users, PerSecond),
    ramp: Ramp,
    mode: Mode,
    /// Number of users that start before the others, which is the maximum until they are ready.
    limit: Option<Users>,
    /// Minimum number of users: a schedule that starts with fewer users than those that start before the others must
    /// not retire these.
    least: Users,
    /// Run time at which the plan's clock started.
    began: Duration,
    scale: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The plan is a ramp.
    Plain,
    /// Follows the schedule.
    Planned,
    /// Follows a ramp set by commands.
    Steered,
    /// Follows a ramp until it has caught up with the schedule.
    Returning,
}

impl LoadController {
    /// Controller for a plan; `early` users start before the others.
    pub fn new(plan: &Plan, early: Users) -> Self {
        let (users, rate) = (plan.load.users, plan.load.spawn_rate);
        let mode = if plan.schedule.is_shaped() { Mode::Planned } else { Mode::Plain };
        let mut load = Self {
            planned: (users, rate),
            ramp: Ramp::new(users, rate),
            mode,
            limit: (early.0 > 0).then_some(early),
            least: Users(0),
            began: Duration::ZERO,
            scale: 1.0,
            schedule: plan.schedule.clone(),
        };
        if load.limit.is_some() && mode == Mode::Planned {
            load.mode = Mode::Returning;
        }
        load
    }

    /// Run time on the plan's clock.
    pub fn plan_time(&self, t: Duration) -> Duration {
        if self.limit.is_some() { Duration::ZERO } else { t.saturating_sub(self.began) }
    }

    /// Run time at which the plan's clock started.
    pub fn began(&self) -> Duration {
        self.began
    }

    /// True until [`Self::open`], while only users that start before the others are spawned.
    pub fn is_held(&self) -> bool {
        self.limit.is_some()
    }

    /// Starts the plan's clock at `t`: the users that start before the others are ready.
    pub fn open(&mut self, t: Duration) {
        let Some(limit) = self.limit.take() else { return };
        self.began = t;
        self.least = limit;
        let target = if self.mode == Mode::Returning { limit } else { self.ramp.target() };
        self.ramp = Ramp::from(limit, t, target, self.ramp.rate());
    }

    /// Target number of users at this moment.
    pub fn at(&mut self, t: Duration) -> Users {
        if self.schedule.is_open() {
            let most = self.ramp.target();
            return self.limit.map_or(most, |limit| most.min(limit));
        }
        let planned = self.schedule.users_at(self.plan_time(t));
        if self.mode == Mode::Returning && self.limit.is_none() {
            self.ramp.retarget(Users(planned.0.max(self.least.0)), t);
            if self.ramp.at(t) == planned {
                (self.mode, self.least) = (Mode::Planned, Users(0));
            }
        }
        if self.mode == Mode::Planned {
            return planned;
        }
        let users = self.ramp.at(t);
        self.limit.map_or(users, |limit| users.min(limit))
    }

    /// Number of users that the load is moving to: that of a command, of the end of the current stage, or the maximum
    /// of an open model.
    pub fn target(&self, t: Duration) -> Users {
        match self.goal(t) {
            Some(Goal::Users { users, .. }) if matches!(self.mode, Mode::Planned | Mode::Returning) => Users(users),
            _ => self.ramp.target(),
        }
    }

    /// Users per second until the target is reached; in an open model the target arrivals per second.
    pub fn rate(&self, t: Duration) -> PerSecond {
        match self.goal(t) {
            // Rounded, so that the rate of a command is shown unchanged.
            Some(Goal::Rate { rate, .. }) => PerSecond((rate * self.scale * 1e6).round() / 1e6),
            Some(Goal::Users { slope: Slope::PerSecond(rate), .. }) if self.mode == Mode::Planned => PerSecond(rate),
            Some(Goal::Users { users, slope: Slope::Within(time) }) if self.mode == Mode::Planned => {
                self.even_rate(users, time, t)
            }
            _ => self.ramp.rate(),
        }
    }

    /// Arrivals per second at this moment; `None` in a closed model.
    pub fn arrivals(&self, t: Duration) -> Option<f64> {
        let open = self.schedule.is_open() && self.limit.is_none();
        open.then(|| self.schedule.rate_at(self.plan_time(t)) * self.scale)
    }

    /// Overrides the number of users of the plan.
    pub fn set_users(&mut self, users: Users, t: Duration) {
        self.take_over(t);
        self.ramp.retarget(users, t);
    }

    /// Overrides the rate of the plan. In an open model it scales the whole plan so that the current stage reaches this
    /// rate, and returns the scale.
    pub fn set_rate(&mut self, rate: PerSecond, t: Duration) -> Option<f64> {
        if !self.schedule.is_open() {
            self.take_over(t);
            self.ramp.rerate(rate, t);
            return None;
        }
        let goal = match self.goal(t) {
            Some(Goal::Rate { rate, .. }) if rate > 0.0 => rate,
            _ => self.schedule.peak_rate(),
        };
        self.mode = Mode::Steered;
        self.scale = if goal > 0.0 { rate.0 / goal } else { 1.0 };
        Some(self.scale)
    }

    /// Returns control to the plan. A closed model moves to the plan's current number of users at the plan's spawn
    /// rate.
    pub fn follow(&mut self, t: Duration) {
        let (users, rate) = self.planned;
        self.ramp.rerate(rate, t);
        self.ramp.retarget(users, t);
        self.scale = 1.0;
        self.mode = match self.mode {
            Mode::Steered if self.schedule.is_open() => Mode::Planned,
            Mode::Steered => Mode::Returning,
            same => same,
        };
    }

    /// True if commands have replaced a plan that changes over time.
    pub fn is_steered(&self) -> bool {
        self.mode == Mode::Steered
    }

    /// True if the number of users no longer changes without a command.
    pub fn is_settled(&mut self, t: Duration) -> bool {
        if self.limit.is_some() {
            return false;
        }
        let steered = matches!(self.mode, Mode::Plain | Mode::Steered);
        let last = self.schedule.stages().len().saturating_sub(1);
        let at_the_end = self.schedule.stage_at(self.plan_time(t)).is_none_or(|stage| stage == last);
        self.schedule.is_open() || ((steered || at_the_end) && self.at(t) == self.target(t))
    }

    fn goal(&self, t: Duration) -> Option<Goal> {
        if self.mode == Mode::Plain {
            return None;
        }
        let stages = self.schedule.stages();
        let stage = self.schedule.stage_at(self.plan_time(t)).and_then(|index| stages.get(index));
        stage.or(stages.last()).map(|stage| stage.goal)
    }

    /// Users per second of a stage that changes the number of users evenly over `time`.
    fn even_rate(&self, users: u32, time: Duration, t: Duration) -> PerSecond {
        let span = self.schedule.stage_at(self.plan_time(t)).and_then(|stage| self.schedule.span_of(stage));
        match span {
            Some((from, _)) if !time.is_zero() => {
                // Just before the stage, whose first user starts immediately.
                let start = from.checked_sub(Duration::from_micros(1)).map_or(0, |t| self.schedule.users_at(t).0);
                PerSecond(f64::from(start.abs_diff(users)) / time.as_secs_f64())
            }
            _ => self.ramp.rate(),
        }
    }

    fn take_over(&mut self, t: Duration) {
        if matches!(self.mode, Mode::Planned | Mode::Returning) {
            if !self.schedule.is_open() {
                let (users, target, rate) = (self.at(t), self.target(t), self.rate(t));
                let rate = if rate.0 > 0.0 { rate } else { self.planned.1 };
                self.ramp = Ramp::from(users, t, target, rate);
            }
            self.mode = Mode::Steered;
        }
    }
}

#[cfg(test)]
mod tests;
