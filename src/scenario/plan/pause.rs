//! Waits between tasks and inside them.

use std::time::Duration;

use crate::scenario::eval::template::{RenderError, Scope, Template};
use crate::units::{self, PerSecond};

/// Wait between two tasks of a user: Locust's four wait functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wait {
    /// Fixed time after a task.
    Constant(Duration),
    /// Uniformly random in this range.
    Between(Duration, Duration),
    /// Tasks start at a fixed interval (their due time); a slow task delays the next one.
    Pacing(Duration),
}

impl Default for Wait {
    /// No wait, as in a Locust class without `wait_time`.
    fn default() -> Self {
        Wait::Constant(Duration::ZERO)
    }
}

impl Wait {
    /// `constant_throughput(r)`: at most `r` tasks per second and user, which is a pacing of `1/r`.
    pub fn throughput(per_second: PerSecond) -> Self {
        Wait::Pacing(Duration::try_from_secs_f64(1.0 / per_second.0).unwrap_or(Duration::MAX))
    }

    /// True if iterations have due times, so that response time and service time differ.
    pub fn is_planned(&self) -> bool {
        matches!(self, Wait::Pacing(_))
    }

    /// Mean wait, not including the task.
    pub fn mean(&self) -> Duration {
        match self {
            Wait::Constant(d) | Wait::Pacing(d) => *d,
            Wait::Between(low, high) => low.saturating_add(*high) / 2,
        }
    }
}

/// Maximum length in characters of an invalid value in messages; it is masked before it is truncated.
const QUOTED: usize = 4_000;

/// A string, or a number as string; `None` for other values, because lists may be infinite.
pub(super) fn short(value: &minijinja::Value) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(text.chars().take(QUOTED).collect()),
        None => value.is_number().then(|| value.to_string()),
    }
}

/// A `wait` step.
#[derive(Debug, Clone)]
pub enum Pause {
    /// Fixed time.
    Constant(Duration),
    /// Uniformly random in this range.
    Between(Duration, Duration),
    /// A template: a number of seconds, or a string such as `500ms`.
    Computed(Template),
}

impl Pause {
    /// Computes the duration of the wait.
    ///
    /// # Errors
    /// If the template fails or its value is not a duration.
    pub fn draw(&self, scope: &mut Scope) -> Result<Duration, RenderError> {
        match self {
            Pause::Constant(d) => Ok(*d),
            Pause::Between(low, high) => {
                let extra = high.saturating_sub(*low);
                Ok(low.saturating_add(extra.mul_f64(scope.rng.f64())))
            }
            Pause::Computed(template) => {
                let value = template.value(scope)?;
                let text = short(&value).ok_or_else(|| RenderError("wait: the value is not a duration".to_owned()))?;
                units::parse_duration(&text).map_err(|e| RenderError(format!("wait: {e}")))
            }
        }
    }
}
