//! The run that is being recorded, and how its end is recorded.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::cli::exit::Rule;
use crate::cli::reports::Wanted;
use crate::sink::Sinks;
use crate::stats::Snapshot;
use crate::store::{Journal, Meta, Outcome, Totals};

/// The current run.
#[derive(Debug)]
pub(super) struct Current {
    pub meta: Arc<Meta>,
    pub journal: Option<Journal>,
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub reports: Wanted,
    pub sinks: Option<Sinks>,
}

/// How the run ended.
pub(super) fn outcome(rule: Rule, last: &Snapshot) -> Outcome {
    let verdict = rule.verdict(last);
    let (code, word) = (rule.code(&verdict), verdict.conclusion.word().to_owned());
    Outcome { verdict: word, reason: verdict.reason, code, totals: Totals::of(last) }
}

/// A time, as it is recorded.
pub(super) fn time(at: std::time::SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}
