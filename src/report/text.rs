//! Tables for the ordinary screen: Locust's, and the summary that stays after quitting.

use crate::stats::Snapshot;

/// Which figures a request table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Counts of the run, rates of the last 10 s.
    Now,
    /// The whole run.
    Total,
}

/// Locust's request table, `width` cells wide.
pub fn requests(_snapshot: &Snapshot, _period: Period, _width: usize) -> String {
    String::new()
}

/// Locust's final set: request table, percentile table, error report if there are failures, exceptions if any.
pub fn tables(_snapshot: &Snapshot, _width: usize) -> String {
    String::new()
}

/// What stays on the ordinary screen after the full-screen view is left: scenario, host, users, time, VU-hours, one
/// line of totals, the most frequent failures, and what could not be counted.
pub fn summary(_snapshot: &Snapshot, _width: usize) -> String {
    String::new()
}
