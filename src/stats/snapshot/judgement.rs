//! State of a threshold, as figures and text.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A threshold and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The check as written, with units: `p95 < 300ms`.
    pub check: Arc<str>,
    /// The whole threshold in words: check, requests, period, and what a failure does.
    pub words: Arc<str>,
    /// Where it is written: `checkout.yaml:14`.
    pub place: Arc<str>,
    /// Its state.
    pub judged: Judged,
    /// Measured value with its unit: `121ms`. With several checks, that of the one with the smallest margin. `None`
    /// before the first measurement.
    pub value: Option<Arc<str>>,
    /// Remaining margin as a fraction of the limit: 0.7 for 30 ms of 100 ms; negative if the check fails. `None`
    /// without a value, and for limits without a margin, such as `== 0`.
    pub margin: Option<f64>,
    /// Time for which it passed, and time for which it was evaluated.
    pub compliance: (Duration, Duration),
    /// Run time at which it first failed.
    pub first_failed: Option<Duration>,
    /// A failure is reported, but does not fail the run.
    pub warn: bool,
    /// A failure aborts the run.
    pub abort: bool,
}

impl Judgement {
    /// What the threshold says beside its check: requests, period, and what a failure does. May be empty.
    pub fn about(&self) -> &str {
        self.words.strip_prefix(&*self.check).map_or("", |rest| rest.trim_start_matches(", "))
    }
}

/// State of a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judged {
    /// Passes.
    #[serde(rename = "Holds")]
    Passes,
    /// Fails now, but may still pass at the end, or has not failed for long enough. Not in a run that is over.
    Violated,
    /// Failed for good: immediately for a window, at the end for the whole run.
    Failed,
    /// Cannot be evaluated, yet or at all; the reason.
    CannotTell(Arc<str>),
}

#[cfg(test)]
impl Judgement {
    /// A threshold that passes, for tests.
    pub(crate) fn passing() -> Self {
        Self {
            check: "p95 < 1s".into(),
            words: "p95 < 1s".into(),
            place: "t.yaml:1".into(),
            judged: Judged::Passes,
            value: None,
            margin: None,
            compliance: Default::default(),
            first_failed: None,
            warn: false,
            abort: false,
        }
    }
}
