//! Drift: figures that get worse over a long run.

use super::kind::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::Drift;

/// True if the figure significantly gets worse: for throughput, less is worse; for all other figures, more is.
pub(crate) fn gets_worse(drift: &Drift) -> bool {
    drift.is_significant && (drift.slope < 0.0) == (*drift.metric == *"throughput")
}

/// Finding with the figures that get worse; `None` if there are none.
pub(super) fn drifting(snapshot: &Snapshot) -> Option<Finding> {
    let drifts = snapshot.drifts.iter().filter(|drift| gets_worse(drift));
    let words: Vec<&str> = drifts.map(|drift| &*drift.words).collect();
    let remedy = "Look for a leak, or for something that fills up.";
    (!words.is_empty()).then(|| Finding::new(Kind::Drifting, words.join("; "), remedy))
}
