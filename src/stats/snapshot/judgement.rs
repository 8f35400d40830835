//! How a threshold stands: figures and words, worked out where it is judged.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One threshold and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The check as written, with units: `p95 < 300ms`.
    pub check: Arc<str>,
    /// All that the threshold says, in words: the check, of which requests, when, and what a failure does.
    pub words: Arc<str>,
    /// Where it is written: `checkout.yaml:14`.
    pub place: Arc<str>,
    /// How it stands.
    pub judged: Judged,
    /// What was measured, with its unit: `121ms`; of several checks, of the one with the least margin. `None` before
    /// anything was.
    pub value: Option<Arc<str>>,
    /// What is left of the limit, as a part of it: 0.7 for 30 ms of 100 ms; negative where the check does not hold.
    /// `None` without a value, and for limits that have no margin, such as `== 0`.
    pub margin: Option<f64>,
    /// For how long it held, of how long it was judged.
    pub compliance: (Duration, Duration),
    /// Run time at which it first failed.
    pub first_failed: Option<Duration>,
    /// A failure is only reported.
    pub warn: bool,
    /// A failure stops the run.
    pub abort: bool,
}

/// How a threshold stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judged {
    /// It holds.
    Holds,
    /// It does not hold now, but may until the end, or not for long enough to fail.
    Violated,
    /// It has failed: for good where it looks at a window, at the end where it looks at the whole run.
    Failed,
    /// It cannot be judged yet, or at all; why.
    CannotTell(Arc<str>),
}
