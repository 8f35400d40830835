//! A part of the run's history.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::figures::Latency;

/// What was measured between two moments of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Wall clock at its end.
    pub at: SystemTime,
    /// Users at its end.
    pub users: u32,
    /// Requests finished in it.
    pub requests: u64,
    /// Failures in it.
    pub failures: u64,
    /// Median response time in it; `None` without a response.
    pub p50: Option<Duration>,
    /// 95th percentile of the response time in it.
    pub p95: Option<Duration>,
    /// 99th percentile of the response time in it.
    pub p99: Option<Duration>,
    /// Totals of the whole run at its end.
    pub cumulative: Cumulative,
}

/// Totals of the run at an earlier moment: the `Total …` columns of Locust's history file.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cumulative {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failures: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Requests per second over the last 10 s.
    pub rps: f64,
    /// Failures per second over the last 10 s.
    pub fps: f64,
    /// Response times.
    pub response: Latency,
}
