//! The load as a function of time. No clock.
//!
//! The level (users, or arrivals per second) consists of linear segments. Each stage starts at the level at which the
//! previous one ended.

use std::time::Duration;

use super::Load;
use super::line::{EPSILON, Line, lines};
use super::stage::{Goal, Slope, Stage};
use crate::units::Users;

/// Number of users, or arrivals per second, at every moment of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    stages: Vec<Stage>,
    lines: Vec<Line>,
    open: Option<Users>,
    warm_up: Duration,
}

impl Schedule {
    /// A closed model if `open` is `None`: the goals of the stages are users. Otherwise an open model, whose goals are
    /// rates, with at most `open` busy users.
    pub fn new(stages: Vec<Stage>, open: Option<Users>, warm_up: Duration) -> Self {
        let lines = lines(&stages);
        Self { stages, lines, open, warm_up }
    }

    /// The schedule after applying flags: `ramp` replaces a closed model with a single ramp; the maximum of an open
    /// model, and the length, are those of `load`. A shorter length ends the run early, a longer one continues at the
    /// last level.
    pub(crate) fn overridden(&self, load: &Load, ramp: bool) -> Self {
        let open = self.open.map(|_| load.users);
        if open.is_none() && (ramp || !self.is_shaped()) {
            let goal = Goal::Users { users: load.users.0, slope: Slope::PerSecond(load.spawn_rate.0) };
            let stages = vec![Stage { name: "".into(), duration: load.run_time, goal, warm_up: false }];
            return Self::new(stages, open, self.warm_up);
        }
        let mut stages = self.stages.clone();
        let mut at = Duration::ZERO;
        stages.retain_mut(|stage| {
            let start = at;
            at = at.saturating_add(stage.duration.unwrap_or(Duration::MAX));
            if let Some(end) = load.run_time
                && at > end
            {
                stage.duration = Some(end.saturating_sub(start));
            }
            load.run_time.is_none_or(|end| start < end || start.is_zero())
        });
        if let Some(last) = stages.last_mut()
            && let Some(length) = last.duration
            && load.run_time.is_none_or(|end| end > at)
        {
            // A rate without stages has no length: its ramp is kept completely.
            if !last.name.is_empty() {
                last.goal = self.reached(last.goal, length);
            }
            last.duration = load.run_time.map(|end| length.saturating_add(end - at));
        }
        Self::new(stages, open, self.warm_up)
    }

    /// Goal of the last stage, adjusted so that the level after `length` is that at its end.
    fn reached(&self, goal: Goal, length: Duration) -> Goal {
        match goal {
            Goal::Users { slope, .. } => Goal::Users { users: self.last_users().0, slope },
            Goal::Rate { rate, ramp } if ramp > length => {
                Goal::Rate { rate: self.lines.last().map_or(rate, |line| line.to), ramp: length }
            }
            goal => goal,
        }
    }

    /// Number of users at the end.
    fn last_users(&self) -> Users {
        let end = self.length().unwrap_or(Duration::MAX);
        self.users_at(end.saturating_sub(Duration::from_micros(1)))
    }

    /// Stages; at least one.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Maximum number of busy users in an open model; `None` in a closed one. Arrivals without a free user are dropped
    /// and counted.
    pub fn max_users(&self) -> Option<Users> {
        self.open
    }

    /// True in an open model: iterations start at [`Schedule::rate_at`].
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// True with stages or arrivals, false with a constant number of users.
    pub fn is_shaped(&self) -> bool {
        self.is_open() || self.stages.len() > 1 || self.stages.iter().any(|stage| !stage.name.is_empty())
    }

    /// Time at the start that is not counted (top-level `warm_up`).
    pub fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// True if time `t` is not counted in statistics and thresholds.
    pub fn is_warm_up(&self, t: Duration) -> bool {
        t < self.warm_up || self.stage_at(t).is_some_and(|index| self.stages[index].warm_up)
    }

    /// True if the whole run is warm-up.
    pub(crate) fn is_all_warm_up(&self) -> bool {
        let is_warm = |(index, stage): (usize, &Stage)| {
            let end = self.span_of(index).and_then(|(_, end)| end);
            stage.warm_up || end.is_some_and(|end| end <= self.warm_up)
        };
        self.length().is_none_or(|length| !length.is_zero()) && self.stages.iter().enumerate().all(is_warm)
    }

    /// Number of users at `t`; after the end, that at the end. In an open model always the maximum. As in a plain ramp,
    /// the first user of a change starts immediately and the others follow at the rate.
    pub fn users_at(&self, t: Duration) -> Users {
        if let Some(most) = self.open {
            return most;
        }
        let Some(line) = self.line_at(t) else { return Users(0) };
        let level = line.level(t.as_secs_f64());
        let users = if line.to > line.from {
            (level + 1.0 + EPSILON).floor().min(line.to.ceil())
        } else if line.to < line.from {
            (level - 1.0 - EPSILON).ceil().max(line.to.floor())
        } else {
            (line.to + EPSILON).floor()
        };
        Users(users.max(0.0) as u32)
    }

    /// Arrivals per second at `t`; 0 in a closed model.
    pub fn rate_at(&self, t: Duration) -> f64 {
        if !self.is_open() || self.length().is_some_and(|end| t >= end) {
            return 0.0;
        }
        self.line_at(t).map_or(0.0, |line| line.level(t.as_secs_f64()))
    }

    /// Stage at `t`; `None` after the end.
    pub fn stage_at(&self, t: Duration) -> Option<usize> {
        let t = t.as_secs_f64();
        self.lines.iter().find(|line| t < line.end).map(|line| line.stage)
    }

    /// Start and end of a stage; the end is `None` if it runs until stopped.
    pub fn span_of(&self, stage: usize) -> Option<(Duration, Option<Duration>)> {
        let lengths = self.stages.get(..stage)?.iter();
        let start: Duration = lengths.filter_map(|s| s.duration).fold(Duration::ZERO, Duration::saturating_add);
        Some((start, self.stages.get(stage)?.duration.map(|d| start.saturating_add(d))))
    }

    /// Total length; `None` if it runs until stopped.
    pub fn length(&self) -> Option<Duration> {
        self.stages.iter().try_fold(Duration::ZERO, |sum, stage| Some(sum.saturating_add(stage.duration?)))
    }

    /// Peak number of users.
    pub fn peak_users(&self) -> Users {
        if let Some(most) = self.open {
            return most;
        }
        let peak = self.lines.iter().map(|line| line.from.max(line.to)).fold(0.0, f64::max);
        // Rounded up: the first user of a change starts immediately.
        Users((peak - EPSILON).ceil().max(0.0) as u32)
    }

    /// Highest number of users that is the goal of a stage, reached or not.
    pub(crate) fn peak_goal(&self) -> Users {
        let goal = |stage: &Stage| match stage.goal {
            Goal::Users { users, .. } => users,
            Goal::Rate { .. } => 0,
        };
        self.open.unwrap_or_else(|| Users(self.stages.iter().map(goal).max().unwrap_or(0)))
    }

    /// Highest arrival rate; 0 in a closed model.
    pub fn peak_rate(&self) -> f64 {
        if self.is_open() { self.lines.iter().map(|line| line.from.max(line.to)).fold(0.0, f64::max) } else { 0.0 }
    }

    /// VU-hours of the whole plan; an upper bound in an open model. `None` without an end.
    pub fn vu_hours(&self) -> Option<f64> {
        let seconds = self.length()?.as_secs_f64();
        let users = match self.open {
            Some(most) => f64::from(most.0) * seconds,
            None => self.area(seconds),
        };
        Some(users / 3_600.0)
    }

    /// Expected number of arrivals from the start to `t`; 0 in a closed model.
    pub fn arrivals_by(&self, t: Duration) -> f64 {
        if self.is_open() { self.area(t.as_secs_f64()) } else { 0.0 }
    }

    /// Due time of arrival `n`, from 0; arrival 0 is due when the rate is first above 0. `None` if it is never due.
    /// `scale` multiplies every rate: 1 as planned.
    pub fn due(&self, n: u64, scale: f64) -> Option<Duration> {
        if !self.is_open() || scale.is_nan() || scale <= 0.0 {
            return None;
        }
        let mut missing = n as f64 / scale;
        for line in &self.lines {
            // There are no arrivals at level 0, not even arrival 0.
            if line.from.max(line.to) <= 0.0 {
                continue;
            }
            let area = line.area();
            if missing < area - EPSILON {
                return Duration::try_from_secs_f64(line.start + line.time_of(missing)).ok();
            }
            missing = (missing - area).max(0.0);
        }
        None
    }

    fn line_at(&self, t: Duration) -> Option<&Line> {
        let t = t.as_secs_f64();
        self.lines.iter().find(|line| t < line.end).or(self.lines.last())
    }

    /// Integral of the level up to `t`.
    fn area(&self, t: f64) -> f64 {
        self.lines.iter().map(|line| line.area_until(t)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn users(seconds: Option<f64>, users: u32, spawn_rate: Option<f64>) -> Stage {
        let within = seconds.map_or(Duration::ZERO, s);
        let goal = Goal::Users { users, slope: spawn_rate.map_or(Slope::Within(within), Slope::PerSecond) };
        Stage { name: "s".into(), duration: seconds.map(s), goal, warm_up: false }
    }

    fn rate(seconds: Option<f64>, rate: f64, ramp: f64) -> Stage {
        let goal = Goal::Rate { rate, ramp: s(ramp) };
        Stage { name: "s".into(), duration: seconds.map(s), goal, warm_up: false }
    }

    #[test]
    fn users_change_at_the_rate_of_the_stage() {
        let stages = vec![
            users(Some(10.0), 20, Some(2.0)),
            users(Some(20.0), 20, None),
            users(Some(10.0), 60, Some(100.0)),
            users(Some(10.0), 10, None),
        ];
        let schedule = Schedule::new(stages, None, s(5.0));
        for (t, wanted) in [
            (0.0, 1),
            (0.5, 2),
            (4.9, 10),
            (9.5, 20),
            (15.0, 20),
            (30.0, 21),
            (30.1, 31),
            (30.4, 60),
            (39.0, 60),
            (40.0, 59),
            (45.0, 34),
            (49.99, 10),
            (1000.0, 10),
        ] {
            assert_eq!(schedule.users_at(s(t)), Users(wanted), "at {t}");
        }
        assert_eq!((schedule.peak_users(), schedule.length()), (Users(60), Some(s(50.0))));
        assert_eq!(
            (schedule.stage_at(s(9.9)), schedule.stage_at(s(10.0)), schedule.stage_at(s(50.0))),
            (Some(0), Some(1), None)
        );
        assert!(schedule.is_warm_up(s(4.0)) && !schedule.is_warm_up(s(5.0)));
        assert_eq!(schedule.span_of(1), Some((s(10.0), Some(s(30.0)))));
        // 100 + 400 + 16 (from 20 to 60 in 0.4 s) + 9.6 × 60 + 350 user-seconds.
        let seconds = schedule.vu_hours().unwrap() * 3_600.0;
        assert!((seconds - (100.0 + 400.0 + 16.0 + 576.0 + 350.0)).abs() < 1e-6, "{seconds}");
        assert_eq!((schedule.rate_at(s(1.0)), schedule.due(0, 1.0)), (0.0, None));
    }

    #[test]
    fn short_stage_ends_before_its_goal() {
        let schedule =
            Schedule::new(vec![users(Some(10.0), 100, Some(2.0)), users(Some(10.0), 0, Some(2.0))], None, s(0.0));
        assert_eq!(schedule.peak_users(), Users(20));
        assert_eq!((schedule.users_at(s(15.0)), schedule.users_at(s(20.0))), (Users(9), Users(0)));
    }

    #[test]
    fn schedule_without_an_end() {
        let schedule = Schedule::new(vec![users(None, 50, Some(5.0))], None, s(0.0));
        assert_eq!((schedule.length(), schedule.vu_hours()), (None, None));
        assert_eq!((schedule.users_at(s(2.0)), schedule.users_at(s(1e6))), (Users(11), Users(50)));
        let nobody = Schedule::new(vec![users(Some(0.0), 0, Some(1.0))], None, s(0.0));
        assert_eq!((nobody.users_at(s(0.0)), nobody.peak_users()), (Users(0), Users(0)));
    }

    #[test]
    fn due_times_of_arrivals() {
        let schedule =
            Schedule::new(vec![rate(Some(10.0), 10.0, 10.0), rate(Some(10.0), 10.0, 0.0)], Some(Users(7)), s(0.0));
        assert!(schedule.is_open());
        assert_eq!(
            (schedule.users_at(s(3.0)), schedule.peak_users(), schedule.peak_rate()),
            (Users(7), Users(7), 10.0)
        );
        assert_eq!((schedule.rate_at(s(5.0)), schedule.rate_at(s(12.0)), schedule.rate_at(s(20.0))), (5.0, 10.0, 0.0));
        assert_eq!((schedule.arrivals_by(s(10.0)), schedule.arrivals_by(s(99.0))), (50.0, 150.0));
        for (n, due) in [(0, Some(0.0)), (50, Some(10.0)), (60, Some(11.0)), (149, Some(19.9)), (150, None)] {
            let got = schedule.due(n, 1.0).map(|d| (d.as_secs_f64() * 1e6).round() / 1e6);
            assert_eq!(got, due, "arrival {n}");
        }
        // With a slope of 1/s², arrival 8 is due after 4 s.
        assert_eq!(schedule.due(8, 1.0), Some(s(4.0)));
        assert_eq!(schedule.due(16, 2.0), Some(s(4.0)));
        assert_eq!(schedule.due(1, 0.0), None);
    }

    #[test]
    fn due_times_are_monotonic() {
        let stages = vec![
            rate(Some(3.0), 100.0, 1.0),
            rate(Some(2.0), 0.0, 0.0),
            rate(Some(4.0), 33.3, 4.0),
            rate(None, 7.0, 2.5),
        ];
        let schedule = Schedule::new(stages, Some(Users(1)), s(0.0));
        let mut last = Duration::ZERO;
        for n in 0..1_000 {
            let due = schedule.due(n, 1.0).unwrap();
            assert!(due >= last, "arrival {n}");
            assert!((schedule.arrivals_by(due) - n as f64).abs() < 1e-3, "arrival {n} at {due:?}");
            last = due;
        }
    }

    #[test]
    fn schedule_with_flags() {
        let load = |users, run_time: Option<f64>| Load {
            users: Users(users),
            spawn_rate: crate::units::PerSecond(5.0),
            run_time: run_time.map(s),
            stop_timeout: s(1.0),
        };
        let shape = Schedule::new(vec![users(Some(10.0), 20, None), users(Some(10.0), 5, None)], None, s(0.0));
        let ramp = shape.overridden(&load(50, Some(30.0)), true);
        assert_eq!((ramp.peak_users(), ramp.length(), ramp.is_shaped()), (Users(50), Some(s(30.0)), false));
        for (run_time, stages, length) in
            [(Some(15.0), 2, Some(15.0)), (Some(8.0), 1, Some(8.0)), (Some(60.0), 2, Some(60.0)), (None, 2, None)]
        {
            let cut = shape.overridden(&load(20, run_time), false);
            assert_eq!((cut.stages().len(), cut.length()), (stages, length.map(s)), "{run_time:?}");
        }
        let open = Schedule::new(vec![rate(Some(10.0), 4.0, 0.0)], Some(Users(7)), s(0.0));
        let more = open.overridden(&load(9, Some(20.0)), true);
        assert_eq!((more.max_users(), more.arrivals_by(s(99.0))), (Some(Users(9)), 80.0));
    }
}
