//! Figures that get worse over a long run.

use super::{Finding, Kind};
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::finding::tests::minute;

    #[test]
    fn only_what_gets_worse_is_a_finding() {
        let drift = |metric: &str, slope: f64, is_significant| Drift {
            metric: metric.into(),
            slope,
            interval: (slope, slope),
            is_significant,
            words: format!("{metric} {slope}").into(),
        };
        let mut snapshot = minute();
        snapshot.drifts =
            Arc::new(vec![drift("p50", 0.1, false), drift("p95", -0.1, true), drift("throughput", 1.0, true)]);
        assert_eq!(drifting(&snapshot), None);
        Arc::make_mut(&mut snapshot.drifts).extend([drift("throughput", -1.0, true), drift("p50", 0.2, true)]);
        let found = drifting(&snapshot).expect("two figures get worse");
        assert_eq!(found.line(), "DRIFTING: throughput -1; p50 0.2. Look for a leak, or for something that fills up.");
    }
}
