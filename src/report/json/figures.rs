//! Statistics rows of the document.

use std::time::Duration;

use serde::Serialize;

use crate::report::shown::millis;
use crate::stats::snapshot::{self, Mean, PERCENTILE_LABELS};

#[derive(Serialize)]
pub(super) struct Row<'a> {
    r#type: &'a str,
    name: &'a str,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
pub(super) struct Figures {
    requests: u64,
    responses: u64,
    failures: u64,
    failure_ratio: f64,
    requests_per_s: f64,
    failures_per_s: f64,
    body_bytes: u64,
    response_time: Option<Times>,
    service_time: Option<Times>,
    connect_mean_ms: Option<f64>,
    first_byte_mean_ms: Option<f64>,
}

#[derive(Serialize)]
struct Times {
    count: u64,
    mean_ms: f64,
    min_ms: f64,
    max_ms: f64,
    percentiles_ms: Percentiles,
}

/// Keyed by name, such as `p99.9`.
struct Percentiles([Duration; 11]);

impl Serialize for Percentiles {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = PERCENTILE_LABELS.map(|label| format!("p{}", label.trim_end_matches('%')));
        serializer.collect_map(names.iter().zip(self.0.map(millis)))
    }
}

impl<'a> Row<'a> {
    pub fn of(row: &'a snapshot::Row) -> Self {
        Self { r#type: row.kind.name(), name: &row.name, figures: Figures::of(&row.total) }
    }
}

impl Figures {
    pub fn of(figures: &snapshot::Figures) -> Self {
        let mean = |mean: Mean| (mean.count > 0).then(|| millis(mean.mean));
        Self {
            requests: figures.requests,
            responses: figures.responses,
            failures: figures.failures,
            failure_ratio: figures.fail_ratio(),
            requests_per_s: figures.rps,
            failures_per_s: figures.fps,
            body_bytes: figures.bytes,
            response_time: Times::of(figures.responses, &figures.response),
            service_time: figures.service.as_ref().and_then(|times| Times::of(figures.responses, times)),
            connect_mean_ms: mean(figures.connect),
            first_byte_mean_ms: mean(figures.first_byte),
        }
    }
}

impl Times {
    /// `None` if no request got a response.
    fn of(responses: u64, times: &snapshot::Latency) -> Option<Self> {
        (responses > 0).then(|| Self {
            count: times.count,
            mean_ms: millis(times.mean),
            min_ms: millis(times.min),
            max_ms: millis(times.max),
            percentiles_ms: Percentiles(times.percentiles),
        })
    }
}
