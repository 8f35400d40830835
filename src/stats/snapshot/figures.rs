//! The measurements of each row: counts, times and failures.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::row_kind::RowKind;
use crate::stats::sample::{Example, Silence};

/// Percentiles of every latency: those of Locust's reports.
pub const PERCENTILES: [f64; 11] = [50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0];
/// Column headers of [`PERCENTILES`], exactly as Locust writes them.
pub const PERCENTILE_LABELS: [&str; 11] =
    ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"];

/// One row of the statistics.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    /// Kind of the row.
    pub kind: RowKind,
    /// Name; `Aggregated` for all endpoints together.
    pub name: Arc<str>,
    /// Since the start, or the last reset.
    pub total: Figures,
    /// The last 10 s.
    pub now: Figures,
}

/// Counts, rates and times over a period.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Finished requests, failed ones included.
    pub requests: u64,
    /// Requests that got a response, as expected or not.
    pub responses: u64,
    /// Failed requests.
    pub failures: u64,
    /// Requests per second.
    pub rps: f64,
    /// Failures per second.
    pub fps: f64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Response time: from the due time where there is one, else from the send.
    pub response: Latency,
    /// Service time (from the real send); `None` without due times, when it equals the response time.
    pub service: Option<Latency>,
    /// Connect time, over the requests that opened a connection.
    pub connect: Mean,
    /// Time to first byte.
    pub first_byte: Mean,
}

impl Figures {
    /// Failures over requests, 0 without requests.
    pub fn fail_ratio(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.failures as f64 / self.requests as f64 }
    }
}

/// Mean of a time without histogram.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Mean {
    /// Number of measurements.
    pub count: u64,
    /// Mean of the measurements.
    pub mean: Duration,
}

/// Statistics of a latency histogram.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Latency {
    /// Number of measurements.
    pub count: u64,
    /// Exact mean.
    pub mean: Duration,
    /// Exact minimum.
    pub min: Duration,
    /// Exact maximum.
    pub max: Duration,
    /// In the order of [`PERCENTILES`], clamped into `min..=max`.
    pub percentiles: [Duration; 11],
}

impl Latency {
    /// One of [`PERCENTILES`], such as 95.0.
    ///
    /// # Panics
    /// If the percentile is not in that list: a programming error.
    pub fn p(&self, percentile: f64) -> Duration {
        let index = PERCENTILES.iter().position(|p| *p == percentile).expect("a kept percentile");
        self.percentiles[index]
    }

    /// The median.
    pub fn median(&self) -> Duration {
        self.percentiles[0]
    }
}

/// One bin of the response time distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower bound; the upper bound is the next bin's lower bound.
    pub from: Duration,
    /// Requests in the bin.
    pub count: u64,
}

/// Failures, grouped by endpoint and reason.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FailureView {
    /// Most frequent first, limited.
    pub rows: Vec<FailureRow>,
    /// Number of further groups, not in `rows`.
    pub more_kinds: u64,
    /// Failures in those groups.
    pub more_count: u64,
}

/// One group of failures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailureRow {
    /// Stable id: the same in every snapshot for the same endpoint and reason.
    pub id: u64,
    /// Kind of the row.
    pub kind: RowKind,
    /// Name of the endpoint.
    pub name: Arc<str>,
    /// The reason in words.
    pub reason: Arc<str>,
    /// Why there was no response; `None` if there was one.
    pub silence: Option<Silence>,
    /// Number of failures.
    pub count: u64,
    /// Wall clock of the first.
    pub first: SystemTime,
    /// Wall clock of the latest.
    pub last: SystemTime,
    /// A response, as an example.
    pub example: Option<Arc<Example>>,
}

/// A group of errors in the scenario, such as failed templates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExceptionRow {
    /// Number of errors.
    pub count: u64,
    /// The error.
    pub message: Arc<str>,
    /// Where in the scenario: class, task, step.
    pub place: Arc<str>,
}
