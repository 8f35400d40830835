//! Evaluates one threshold while the run goes on.

use std::sync::Arc;
use std::time::Duration;

use super::check::{self, Evaluation, format_beside};
use super::period::Period;
use super::scope::Scope;
use crate::scenario::estimate;
use crate::scenario::plan::{Check, Metric, Plan, Threshold};
use crate::stats::Second;
use crate::stats::snapshot::{Judged, Judgement};
use crate::units;

/// A threshold, the data measured for it, and its state.
#[derive(Debug, Clone)]
pub struct Tracker {
    threshold: Threshold,
    words: Arc<str>,
    /// Its stage is a warm-up.
    is_warm_up: bool,
    /// Data of each check, in the same order.
    scopes: Vec<(Scope, Period)>,
    /// True while the run is in the threshold's stage, or if the threshold has no stage.
    is_inside: bool,
    was_inside: bool,
    is_over: bool,
    /// True once a second has counted.
    is_measured: bool,
    /// Time without interruption in which the check has failed.
    failing_for: Duration,
    passed: Duration,
    evaluated: Duration,
    first_failed: Option<Duration>,
    /// Failed for good; later data does not change that.
    has_failed: bool,
    latest: Option<Observation>,
    worst: Option<Observation>,
}

/// Result of the check that decides at one moment.
#[derive(Debug, Clone, PartialEq)]
struct Observation {
    outcome: Result<bool, String>,
    value: Option<String>,
    margin: Option<f64>,
}

impl Tracker {
    pub fn new(plan: &Plan, threshold: &Threshold) -> Self {
        let scope = |check: &Check| {
            let has_percentiles = matches!(check.metric, Metric::Percentile(_) | Metric::Median);
            (Scope::of(plan, check, threshold.on.as_ref()), Period::new(threshold.over, has_percentiles))
        };
        Self {
            words: estimate::threshold(plan, threshold).into(),
            is_warm_up: threshold.stage_of(plan.schedule.stages()).is_some_and(|stage| stage.warm_up),
            scopes: threshold.checks.iter().map(scope).collect(),
            threshold: threshold.clone(),
            is_inside: threshold.stage.is_none(),
            was_inside: threshold.stage.is_none(),
            is_over: false,
            is_measured: false,
            failing_for: Duration::ZERO,
            passed: Duration::ZERO,
            evaluated: Duration::ZERO,
            first_failed: None,
            has_failed: false,
            latest: None,
            worst: None,
        }
    }

    /// Discards everything measured so far.
    pub fn reset(&mut self) {
        self.scopes.iter_mut().for_each(|(_, period)| period.clear());
        self.is_inside = self.threshold.stage.is_none();
        (self.was_inside, self.is_over, self.has_failed) = (self.is_inside, false, false);
        self.is_measured = false;
        (self.failing_for, self.passed, self.evaluated) = Default::default();
        (self.first_failed, self.latest, self.worst) = (None, None, None);
    }

    /// Adds a second that counts. `cuts`: clients that the Redis server disconnected in it.
    pub fn add(&mut self, second: &Second, cuts: Option<u64>) {
        let is_inside = self.threshold.stage.as_ref().is_none_or(|(stage, _)| second.stage == Some(*stage));
        if !is_inside {
            self.leave(second.from);
            return;
        }
        (self.is_inside, self.was_inside, self.is_measured) = (true, true, true);
        for (scope, period) in &mut self.scopes {
            let (sums, times) = scope.measured(second);
            period.add(&super::measure::Sums { cuts, ..sums }, &times);
        }
        self.evaluate(second.from + second.length, second.length);
    }

    /// The stage or the run has ended: a check that fails now fails the threshold.
    fn leave(&mut self, at: Duration) {
        if !std::mem::take(&mut self.is_inside) {
            return;
        }
        self.is_over = true;
        self.evaluate(at, Duration::ZERO);
        self.is_over = false;
    }

    /// The run has ended.
    pub fn finish(&mut self, at: Duration, cuts: Option<u64>) {
        // If no second has counted, as in a run that was stopped in its warm-up, not even a count of 0 is known.
        if self.is_inside && !self.is_over && self.is_measured {
            for (_, period) in &mut self.scopes {
                period.add(&super::measure::Sums { cuts, ..Default::default() }, &Default::default());
            }
            self.leave(at);
        }
        self.is_over = true;
    }

    /// True if the threshold fails as soon as the check has failed for its `for` time, and not only at the end.
    fn fails_at_once(&self) -> bool {
        let Threshold { over, hold, abort, .. } = &self.threshold;
        over.is_some() || !hold.is_zero() || *abort
    }

    fn evaluate(&mut self, at: Duration, length: Duration) {
        let seen = self.observe();
        match seen.outcome {
            Ok(true) => {
                self.failing_for = Duration::ZERO;
                self.passed += length;
                self.evaluated += length;
            }
            Ok(false) => {
                self.failing_for += length;
                self.evaluated += length;
                let is_out = self.failing_for >= self.threshold.hold;
                self.has_failed |= is_out && (self.fails_at_once() || self.is_over);
                if is_out {
                    self.first_failed.get_or_insert(at);
                }
            }
            Err(_) => {}
        }
        let is_worse = |worst: &Observation| {
            let rank = |seen: &Observation| {
                let has_passed = seen.outcome != Ok(false);
                (has_passed, seen.margin.unwrap_or(if has_passed { f64::INFINITY } else { f64::NEG_INFINITY }))
            };
            rank(&seen) < rank(worst)
        };
        if seen.outcome.is_ok() && self.worst.as_ref().is_none_or(is_worse) {
            self.worst = Some(seen.clone());
        }
        self.latest = Some(seen);
    }

    /// Result of the check that decides: one that fails, else one that cannot be evaluated, else the one with the
    /// smallest margin.
    fn observe(&self) -> Observation {
        let read = |(check, (scope, period)): (&Check, &(Scope, Period))| {
            let reading = if scope.is_empty() {
                Evaluation { outcome: Err("no such requests in this run".to_owned()), value: None, margin: None }
            } else {
                check::evaluate(check, period, self.is_over)
            };
            let Evaluation { outcome, value, margin } = reading;
            Observation { outcome, value: value.map(|value| format_beside(check, value)), margin }
        };
        let rank = |seen: &Observation| match &seen.outcome {
            Ok(false) => (0, seen.margin.unwrap_or(f64::NEG_INFINITY)),
            Err(_) => (1, 0.0),
            Ok(true) => (2, seen.margin.unwrap_or(f64::INFINITY)),
        };
        let all = self.threshold.checks.iter().zip(&self.scopes).map(read);
        let least = all.min_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
        least.unwrap_or(Observation { outcome: Err("no checks".to_owned()), value: None, margin: None })
    }

    /// True if the threshold has failed and has `abort`.
    pub fn wants_stop(&self) -> bool {
        self.threshold.abort && self.has_failed
    }

    pub fn judgement(&self) -> Judgement {
        // For a window, the end shows the worst moment: the latest one would not explain a failure.
        let is_window = self.threshold.over.is_some() || !self.threshold.hold.is_zero();
        let closed = self.is_over || !self.is_inside;
        let seen =
            if is_window && closed { self.worst.as_ref().or(self.latest.as_ref()) } else { self.latest.as_ref() };
        let judged = match seen.map(|seen| &seen.outcome) {
            _ if self.has_failed => Judged::Failed,
            None if !self.was_inside => {
                let stage = self.threshold.stage.as_ref().map_or("", |(_, name)| name);
                let words = match (self.is_warm_up, self.is_over) {
                    (true, _) => "is a warm-up, which is not evaluated",
                    (false, true) => "was not reached",
                    (false, false) => "has not begun",
                };
                Judged::CannotTell(format!("stage {stage} {words}").into())
            }
            None => Judged::CannotTell("nothing was measured".into()),
            Some(Ok(false)) if !closed => Judged::Violated,
            // The check may fail for as long as `for` says, unless the time was too short to find out.
            Some(Ok(false)) if self.evaluated < self.threshold.hold => {
                let hold = units::plain(self.threshold.hold);
                Judged::CannotTell(format!("less than {hold} were measured").into())
            }
            Some(Ok(_)) => Judged::Passes,
            Some(Err(why)) => Judged::CannotTell(why.as_str().into()),
        };
        Judgement {
            check: Arc::clone(&self.threshold.words),
            words: Arc::clone(&self.words),
            place: Arc::clone(&self.threshold.place),
            judged,
            value: seen.and_then(|seen| seen.value.as_deref()).map(Arc::from),
            margin: seen.and_then(|seen| seen.margin),
            compliance: (self.passed, self.evaluated),
            first_failed: self.first_failed,
            warn: self.threshold.warn,
            abort: self.threshold.abort,
        }
    }
}
