//! Figures that get worse over a long run.

use super::kind::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::Drift;

/// The figures that drift the wrong way, if any does.
pub(super) fn drifting(snapshot: &Snapshot) -> Option<Finding> {
    // Less throughput is worse; of all others more is.
    let is_worse = |drift: &&Drift| (drift.slope < 0.0) == (*drift.metric == *"throughput");
    let drifts = snapshot.drifts.iter().filter(|drift| drift.is_significant).filter(is_worse);
    let words: Vec<&str> = drifts.map(|drift| &*drift.words).collect();
    let remedy = "Look for a leak, or for something that fills up.";
    (!words.is_empty()).then(|| Finding::new(Kind::Drifting, words.join("; "), remedy))
}
