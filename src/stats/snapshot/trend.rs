//! Drift of a figure in a long run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Change of one figure over the steady part of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Name: `p95`, `throughput`.
    pub metric: Arc<str>,
    /// Change per hour: in seconds for a time, as a fraction of 1 for a ratio, in requests per second, bytes or
    /// connections.
    pub slope: f64,
    /// 95 % confidence interval of the slope.
    pub interval: (f64, f64),
    /// The figure drifts, at a 95 % confidence level.
    pub is_significant: bool,
    /// `p95 rises 1.8ms an hour (95 %: 1.1ms to 2.6ms)`, or `p95: no trend (detectable: 0.9ms an hour)`.
    pub words: Arc<str>,
}
