//! A run becomes a judgement: which thresholds hold, and whether the run passed. Pure: it reads no clock and no file.

use crate::stats::Snapshot;
use crate::stats::snapshot::{End, RunState};

/// How a run is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing speaks against it.
    Passed,
    /// Requests failed, or the scenario raised errors.
    RequestsFailed,
    /// The load generator died.
    Broken,
}

impl Conclusion {
    /// One word, for files.
    pub fn word(self) -> &'static str {
        match self {
            Conclusion::Passed => "passed",
            Conclusion::RequestsFailed => "failed",
            Conclusion::Broken => "broken",
        }
    }
}

/// Judges a run that is over. Without thresholds Locust's rule holds: a failed request, or an error that the scenario
/// raised, fails it. So does an event that failed, which is no request and not among the totals.
pub fn conclude(last: &Snapshot) -> Conclusion {
    if last.state == RunState::Done(End::Broken) {
        return Conclusion::Broken;
    }
    let failed = last.total.total.failures > 0 || !last.failures.rows.is_empty() || !last.exceptions.is_empty();
    if failed || last.was_never_answered() { Conclusion::RequestsFailed } else { Conclusion::Passed }
}
