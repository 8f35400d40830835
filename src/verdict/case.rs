//! One threshold while the run goes on.

use std::sync::Arc;
use std::time::Duration;

use super::period::Period;
use super::reading::{self, Reading, words};
use super::scope::Scope;
use crate::scenario::estimate;
use crate::scenario::plan::{Check, Plan, Threshold};
use crate::stats::Second;
use crate::stats::snapshot::{Judged, Judgement};

/// A threshold, what was measured for it, and how it has stood so far.
#[derive(Debug, Clone)]
pub struct Case {
    threshold: Threshold,
    words: Arc<str>,
    stage: Option<Arc<str>>,
    /// One for each check.
    scopes: Vec<(Scope, Period)>,
    /// It is in its stage now, has been there, or all of the run is meant.
    is_inside: bool,
    was_inside: bool,
    is_over: bool,
    /// For how long it has not held.
    streak: Duration,
    held: Duration,
    judged: Duration,
    first_failed: Option<Duration>,
    /// It has failed, and nothing that comes changes that.
    has_failed: bool,
    latest: Option<Seen>,
    worst: Option<Seen>,
}

/// The check of a threshold that decides at one moment.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    told: Result<bool, String>,
    value: Option<String>,
    margin: Option<f64>,
}

impl Case {
    pub fn new(plan: &Plan, threshold: &Threshold) -> Self {
        let scope = |check: &Check| (Scope::of(plan, check, threshold.on.as_ref()), Period::new(threshold.over));
        Self {
            words: estimate::threshold(plan, threshold).into(),
            stage: threshold.stage_of(plan.schedule.stages()).map(|stage| Arc::clone(&stage.name)),
            scopes: threshold.checks.iter().map(scope).collect(),
            threshold: threshold.clone(),
            is_inside: threshold.stage.is_none(),
            was_inside: threshold.stage.is_none(),
            is_over: false,
            streak: Duration::ZERO,
            held: Duration::ZERO,
            judged: Duration::ZERO,
            first_failed: None,
            has_failed: false,
            latest: None,
            worst: None,
        }
    }

    /// Begins anew: what was measured so far does not count.
    pub fn reset(&mut self) {
        self.scopes.iter_mut().for_each(|(_, period)| period.clear());
        self.is_inside = self.threshold.stage.is_none();
        (self.was_inside, self.is_over, self.has_failed) = (self.is_inside, false, false);
        (self.streak, self.held, self.judged) = Default::default();
        (self.first_failed, self.latest, self.worst) = (None, None, None);
    }

    /// Takes what was measured in a second that counts, and how many clients the Redis server cut in it.
    pub fn add(&mut self, second: &Second, cuts: Option<u64>) {
        let is_inside = self.threshold.stage.is_none_or(|stage| second.stage == Some(stage));
        if !is_inside {
            self.leave(second.from);
            return;
        }
        (self.is_inside, self.was_inside) = (true, true);
        for (scope, period) in &mut self.scopes {
            let (sums, times) = scope.measured(second);
            period.add(&super::measure::Sums { cuts, ..sums }, &times);
        }
        self.judge(second.from + second.length, second.length);
    }

    /// The stage is over, or the run: what does not hold now has failed.
    fn leave(&mut self, at: Duration) {
        if !std::mem::take(&mut self.is_inside) {
            return;
        }
        self.is_over = true;
        self.judge(at, Duration::ZERO);
        self.is_over = false;
    }

    /// The run is over.
    pub fn finish(&mut self, at: Duration, cuts: Option<u64>) {
        if self.is_inside && !self.is_over {
            for (_, period) in &mut self.scopes {
                period.add(&super::measure::Sums { cuts, ..Default::default() }, &Default::default());
            }
            self.leave(at);
        }
        self.is_over = true;
    }

    /// True where it fails as soon as it does not hold for as long as it may, rather than at its end.
    fn fails_at_once(&self) -> bool {
        let Threshold { over, hold, abort, .. } = &self.threshold;
        over.is_some() || !hold.is_zero() || *abort
    }

    fn judge(&mut self, at: Duration, length: Duration) {
        let seen = self.look();
        match seen.told {
            Ok(true) => {
                self.streak = Duration::ZERO;
                self.held += length;
                self.judged += length;
            }
            Ok(false) => {
                self.streak += length;
                self.judged += length;
                let is_out = self.streak >= self.threshold.hold;
                self.has_failed |= is_out && (self.fails_at_once() || self.is_over);
                if is_out {
                    self.first_failed.get_or_insert(at);
                }
            }
            Err(_) => {}
        }
        let is_worse = |worst: &Seen| {
            let rank = |seen: &Seen| (seen.told != Ok(false), seen.margin.unwrap_or(f64::INFINITY));
            rank(&seen) < rank(worst)
        };
        if seen.told.is_ok() && self.worst.as_ref().is_none_or(is_worse) {
            self.worst = Some(seen.clone());
        }
        self.latest = Some(seen);
    }

    /// The check that decides: one that does not hold, else one that cannot be judged, else the one with the least
    /// margin.
    fn look(&self) -> Seen {
        let read = |(check, (scope, period)): (&Check, &(Scope, Period))| {
            let reading = if scope.is_empty() {
                Reading { told: Err("this run sends no such requests".to_owned()), value: None, margin: None }
            } else {
                reading::read(check, period, self.is_over)
            };
            let Reading { told, value, margin } = reading;
            Seen { told, value: value.map(|value| words(check.metric, value)), margin }
        };
        let rank = |seen: &Seen| match &seen.told {
            Ok(false) => (0, seen.margin.unwrap_or(f64::NEG_INFINITY)),
            Err(_) => (1, 0.0),
            Ok(true) => (2, seen.margin.unwrap_or(f64::INFINITY)),
        };
        let all = self.threshold.checks.iter().zip(&self.scopes).map(read);
        let least = all.min_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
        least.unwrap_or(Seen { told: Err("nothing is checked".to_owned()), value: None, margin: None })
    }

    /// True where a failure of it stops the run, and it has failed.
    pub fn wants_stop(&self) -> bool {
        self.threshold.abort && self.has_failed
    }

    pub fn judgement(&self) -> Judgement {
        // Of a window, the worst moment is what is left to say at the end; nothing else would explain the failure.
        let is_window = self.threshold.over.is_some() || !self.threshold.hold.is_zero();
        let closed = self.is_over || !self.is_inside;
        let seen =
            if is_window && closed { self.worst.as_ref().or(self.latest.as_ref()) } else { self.latest.as_ref() };
        let judged = match seen.map(|seen| &seen.told) {
            _ if self.has_failed => Judged::Failed,
            None if !self.was_inside => {
                let stage = self.stage.as_deref().unwrap_or_default();
                let words = if self.is_over { "was not reached" } else { "has not begun" };
                Judged::CannotTell(format!("stage {stage} {words}").into())
            }
            None => Judged::CannotTell("nothing was measured".into()),
            Some(Ok(false)) => Judged::Violated,
            Some(Ok(true)) => Judged::Holds,
            Some(Err(why)) => Judged::CannotTell(why.as_str().into()),
        };
        Judgement {
            check: Arc::clone(&self.threshold.words),
            words: Arc::clone(&self.words),
            place: Arc::clone(&self.threshold.place),
            judged,
            value: seen.and_then(|seen| seen.value.as_deref()).map(Arc::from),
            margin: seen.and_then(|seen| seen.margin),
            compliance: (self.held, self.judged),
            first_failed: self.first_failed,
            warn: self.threshold.warn,
            abort: self.threshold.abort,
        }
    }
}
