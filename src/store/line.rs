//! Lines in the files of a run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::meta::LONGEST_RUN;
use super::run::RedisPoint;
use crate::stats::snapshot::{Bucket, Cumulative, Latency, RunEvent};

/// A line of `series.jsonl`. A later line with the same `t` replaces the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SeriesLine {
    Second(Box<SecondLine>),
    /// The statistics were reset at this run time: nothing before it is in the totals.
    Reset {
        reset: f64,
    },
}

/// One second. Times are in microseconds unless noted otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SecondLine {
    /// Run time at its start, in seconds.
    pub t: f64,
    pub length: f64,
    /// Wall clock at its end, milliseconds since the epoch.
    pub at: u64,
    pub users: u32,
    pub requests: u64,
    pub failures: u64,
    /// p50, p95, p99; absent without requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<[f64; 3]>,
    pub total: TotalLine,
    /// CPU of the process; 1.0 is all cores that it may use.
    pub cpu: f64,
    /// Margin of each threshold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub margins: Vec<Option<f64>>,
    /// Only in runs with Redis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisPoint>,
}

/// Totals of the run at that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TotalLine {
    requests: u64,
    failures: u64,
    bytes: u64,
    rps: f64,
    fps: f64,
    /// Number of response times.
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
    percentiles: [f64; 11],
}

/// A line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EventLine {
    /// Run time in seconds.
    t: f64,
    /// Wall clock, milliseconds since the epoch.
    at: u64,
    text: Arc<str>,
    /// The load changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_load_change: bool,
}

impl SecondLine {
    pub fn new(bucket: &Bucket, cpu: f64, margins: Vec<Option<f64>>, redis: Option<RedisPoint>) -> Self {
        let quantiles = [bucket.p50, bucket.p95, bucket.p99];
        let Cumulative { requests, failures, bytes, rps, fps, response } = bucket.cumulative;
        Self {
            t: bucket.from.as_secs_f64(),
            length: bucket.length.as_secs_f64(),
            at: millis(bucket.at),
            users: bucket.users,
            requests: bucket.requests,
            failures: bucket.failures,
            p: bucket.p50.map(|_| quantiles.map(|time| micros(time.unwrap_or_default()))),
            total: TotalLine {
                requests,
                failures,
                bytes,
                rps,
                fps,
                count: response.count,
                mean: micros(response.mean),
                min: micros(response.min),
                max: micros(response.max),
                percentiles: response.percentiles.map(micros),
            },
            cpu,
            margins,
            redis,
        }
    }

    pub fn bucket(&self) -> Bucket {
        let [p50, p95, p99] = self.p.map_or([None; 3], |p| p.map(|time| Some(from_micros(time))));
        let TotalLine { requests, failures, bytes, rps, fps, count, mean, min, max, percentiles } = self.total;
        let [mean, min, max] = [mean, min, max].map(from_micros);
        let response = Latency { count, mean, min, max, percentiles: percentiles.map(from_micros) };
        Bucket {
            from: seconds(self.t),
            length: seconds(self.length),
            at: from_millis(self.at),
            users: self.users,
            requests: self.requests,
            failures: self.failures,
            p50,
            p95,
            p99,
            cumulative: Cumulative { requests, failures, bytes, rps, fps, response },
        }
    }
}

impl EventLine {
    pub fn new(event: &RunEvent) -> Self {
        let RunEvent { elapsed, at, text, is_load_change } = event;
        Self { t: elapsed.as_secs_f64(), at: millis(*at), text: Arc::clone(text), is_load_change: *is_load_change }
    }

    pub fn event(&self) -> RunEvent {
        let Self { t, at, text, is_load_change } = self;
        RunEvent { elapsed: seconds(*t), at: from_millis(*at), text: Arc::clone(text), is_load_change: *is_load_change }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

fn from_micros(micros: f64) -> Duration {
    Duration::from_nanos((micros * 1e3).round().max(0.0) as u64)
}

/// A time in seconds, to the nanosecond, at most that of the longest run; zero if it is not valid.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.min(LONGEST_RUN)).unwrap_or_default()
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn from_millis(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_trip() {
        let response = Latency {
            count: 3,
            mean: Duration::from_nanos(1_234_567),
            min: Duration::from_nanos(999),
            max: Duration::from_nanos(3_599_999_999_999),
            percentiles: std::array::from_fn(|at| Duration::from_micros(at as u64 * 333_333)),
        };
        let bucket = Bucket {
            from: Duration::from_secs(86_399),
            length: Duration::from_millis(1_250),
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_123),
            users: 50,
            requests: 3,
            failures: 1,
            p50: Some(Duration::from_micros(1_234)),
            p95: Some(Duration::from_micros(3_600_000_000)),
            p99: Some(Duration::ZERO),
            cumulative: Cumulative { requests: 9, failures: 1, bytes: u64::MAX, rps: 1.0 / 3.0, fps: 0.1, response },
        };
        for bucket in [bucket, Bucket { p50: None, p95: None, p99: None, ..bucket }] {
            let redis = RedisPoint { memory: Some(1 << 20), ops: Some(1.0 / 3.0), ..RedisPoint::default() };
            let line = SecondLine::new(&bucket, 0.5, vec![Some(0.1), None], Some(redis));
            let text = serde_json::to_string(&SeriesLine::Second(Box::new(line.clone()))).unwrap();
            assert_eq!(
                serde_json::from_str::<SeriesLine>(&text).unwrap(),
                SeriesLine::Second(Box::new(line.clone())),
                "{text}"
            );
            assert_eq!(line.bucket(), bucket);
        }
        let reset = serde_json::from_str::<SeriesLine>(r#"{"reset":12.5}"#).unwrap();
        assert_eq!(reset, SeriesLine::Reset { reset: 12.5 });
    }
}
