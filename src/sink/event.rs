//! Events of a run, as delivered to a sink.

use std::sync::Arc;
use std::time::SystemTime;

use super::interval::Interval;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judgement, RunEvent};
use crate::verdict::Verdict;

/// An event of a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run started. Always the first event.
    Started(Arc<Snapshot>),
    /// Figures of an interval that ended. Every second of the run is in exactly one interval, or counted as missed.
    Interval(Interval),
    /// The load changed: a stage started, or a person changed or paused it.
    LoadChanged(RunEvent),
    /// A threshold failed or recovered, at this time.
    Threshold(Judgement, SystemTime),
    /// The run ended. Always the last event.
    Ended(Arc<Snapshot>, Verdict),
}
