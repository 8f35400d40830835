//! What a sink is told.

use std::sync::Arc;

use super::interval::Interval;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judgement, RunEvent};
use crate::verdict::Verdict;

/// One thing that happened in a run.
#[derive(Debug, Clone)]
pub enum News {
    /// The run has started. It comes first, once.
    Started(Arc<Snapshot>),
    /// A time that has passed, with what was measured in it. Every second of the run is in exactly one.
    Interval(Interval),
    /// A change of load: a stage, or users changed by hand.
    Event(RunEvent),
    /// A threshold failed, or passes again.
    Threshold(Judgement),
    /// The run has ended. It comes last, once.
    Ended(Arc<Snapshot>, Verdict),
}
