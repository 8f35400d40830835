//! Whether a figure drifts in a long run, worked out where it is judged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How one figure changes over the steady part of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Which: `p95`, `throughput`.
    pub metric: Arc<str>,
    /// Change an hour: seconds for a time, a part of 1 for a ratio, requests per second, bytes or connections.
    pub slope: f64,
    /// The slope is within these with 95 % confidence.
    pub interval: (f64, f64),
    /// The figure drifts, with 95 % confidence.
    pub is_significant: bool,
    /// `p95 rises 1.8ms an hour (95 %: 1.1ms to 2.6ms)`, or `p95: no trend (would have seen 0.9ms an hour)`.
    pub words: Arc<str>,
}
