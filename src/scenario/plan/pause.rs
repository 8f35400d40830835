//! Pauses between tasks and inside them.

use std::time::Duration;

use crate::scenario::eval::template::{RenderError, Scope, Template};
use crate::units::{self, PerSecond};

/// The pause between two tasks of a user: Locust's four wait functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wait {
    /// Always the same pause after a task.
    Constant(Duration),
    /// Uniformly random between the two.
    Between(Duration, Duration),
    /// A task starts at a fixed interval (its due time); a task that runs longer makes the next one late.
    Pacing(Duration),
}

impl Default for Wait {
    /// No waiting, as a Locust class without `wait_time`.
    fn default() -> Self {
        Wait::Constant(Duration::ZERO)
    }
}

impl Wait {
    /// `constant_throughput(r)`: at most `r` tasks per second for each user, that is a pacing of `1/r`.
    pub fn throughput(per_second: PerSecond) -> Self {
        Wait::Pacing(Duration::try_from_secs_f64(1.0 / per_second.0).unwrap_or(Duration::MAX))
    }

    /// True when iterations have due times, so that response time and service time differ.
    pub fn is_planned(&self) -> bool {
        matches!(self, Wait::Pacing(_))
    }

    /// The pause without the task, on average.
    pub fn mean(&self) -> Duration {
        match self {
            Wait::Constant(d) | Wait::Pacing(d) => *d,
            Wait::Between(low, high) => low.saturating_add(*high) / 2,
        }
    }
}

/// Characters of an invalid value that are shown; it is masked before it is truncated.
const QUOTED: usize = 4_000;

/// A text or a number as text; nothing else, for a list may have no end.
pub(super) fn short(value: &minijinja::Value) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(text.chars().take(QUOTED).collect()),
        None => value.is_number().then(|| value.to_string()),
    }
}

/// A `wait` step.
#[derive(Debug, Clone)]
pub enum Pause {
    /// Always the same.
    Constant(Duration),
    /// Uniformly random between the two.
    Between(Duration, Duration),
    /// A template: a number of seconds, or a string such as `500ms`.
    Computed(Template),
}

impl Pause {
    /// How long to pause now.
    ///
    /// # Errors
    /// When the template fails or its value is not a duration.
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
