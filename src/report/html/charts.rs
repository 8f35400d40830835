//! Data of the charts on the page.

use std::time::Duration;

use serde::Serialize;

use super::downsample::downsample;
use super::escape::line;
use crate::report::shown::millis;
use crate::stats::snapshot::{Bucket, PERCENTILE_LABELS};
use crate::store::{RedisPoint, Run};
use crate::units;

/// Maximum points per line; more than the page has pixels for.
const POINTS: usize = 1_200;
/// Maximum points of all margins, and maximum number of their lines.
const MARGINS: (usize, usize) = (8_000, 12);

/// Lines over run time in seconds; response times in milliseconds.
#[derive(Serialize)]
pub(super) struct Data {
    t: Vec<f64>,
    users: Vec<Option<f64>>,
    rps: Vec<Option<f64>>,
    fps: Vec<Option<f64>>,
    p50: Vec<Option<f64>>,
    p95: Vec<Option<f64>>,
    p99: Vec<Option<f64>>,
    events: Vec<(f64, String)>,
    margins: Option<Margins>,
    redis: Option<Redis>,
    spectrum: Option<Spectrum>,
}

/// Memory in bytes, clients, commands per second, delivery times in milliseconds, and the ratio of hits.
#[derive(Serialize)]
struct Redis {
    t: Vec<f64>,
    memory: Vec<Option<f64>>,
    clients: Vec<Option<f64>>,
    ops: Vec<Option<f64>>,
    delivery: Vec<Option<f64>>,
    hits: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Margins {
    t: Vec<f64>,
    names: Vec<String>,
    of: Vec<Vec<Option<f64>>>,
}

#[derive(Serialize)]
struct Spectrum {
    labels: [&'static str; 11],
    response: [f64; 11],
    service: Option<[f64; 11]>,
}

impl Data {
    pub fn of(run: &Run) -> Self {
        let seconds = &run.seconds;
        let column = |of: &dyn Fn(&Bucket) -> Option<f64>| seconds.iter().map(of).collect::<Vec<_>>();
        let rate = |n: u64, second: &Bucket| {
            let length = second.length.as_secs_f64();
            (length > 0.0).then(|| rounded(n as f64 / length))
        };
        let time = |time: Option<Duration>| time.map(millis);
        let columns = vec![
            column(&|second| Some(second.users.into())),
            column(&|second| rate(second.requests, second)),
            column(&|second| rate(second.failures, second)),
            column(&|second| time(second.p50)),
            column(&|second| time(second.p95)),
            column(&|second| time(second.p99)),
        ];
        let times = seconds.iter().map(|second| rounded(second.from.as_secs_f64())).collect();
        let sampled = downsample(times, columns, POINTS);
        let mut columns = sampled.columns.into_iter();
        let mut next = || columns.next().unwrap_or_default();
        let events = run.last.events.iter();
        Self {
            users: next(),
            rps: next(),
            fps: next(),
            p50: next(),
            p95: next(),
            p99: next(),
            t: sampled.times,
            events: events.map(|event| (rounded(event.elapsed.as_secs_f64()), line(&event.text))).collect(),
            margins: has_margins(run).then(|| Margins::of(run)),
            redis: has_redis(run).then(|| Redis::of(run)),
            spectrum: has_times(run).then(|| Spectrum::of(run)),
        }
    }
}

/// True if margins of thresholds are known over time.
pub(super) fn has_margins(run: &Run) -> bool {
    run.margins.iter().any(|(_, margins)| margins.iter().any(Option::is_some))
}

/// True if the state of Redis is known over time.
pub(super) fn has_redis(run: &Run) -> bool {
    run.redis.iter().any(|(_, point)| *point != RedisPoint::default())
}

/// True if delivery times are known over time.
pub(super) fn has_deliveries(run: &Run) -> bool {
    run.redis.iter().any(|(_, point)| point.delivery_p95.is_some())
}

/// True if hits and misses are known over time.
pub(super) fn has_hits(run: &Run) -> bool {
    run.redis.iter().any(|(_, point)| point.hit_ratio().is_some())
}

/// True if a request got a response.
pub(super) fn has_times(run: &Run) -> bool {
    run.last.total.total.responses > 0
}

/// Sentence on the time span of one point.
pub(super) fn resolution(run: &Run) -> String {
    let seconds = &run.seconds;
    let longest = seconds.iter().map(|second| second.length).max().unwrap_or_default();
    let per = if longest > Duration::from_millis(1_500) {
        "interval (1 s at the end of the run, up to 60 s before)"
    } else {
        "second"
    };
    let step = if seconds.len() <= POINTS { 1 } else { seconds.len().div_ceil(POINTS / 2) };
    if step == 1 {
        return format!("One point for each {per}.");
    }
    let all = units::count(seconds.len() as u64);
    format!("Of each {step} of the {all} points, one a {per}, the lowest and the highest are drawn.")
}

impl Margins {
    fn of(run: &Run) -> Self {
        let judgements: Vec<_> = run.last.judgements.iter().take(MARGINS.1).collect();
        // If a run was killed, there may be more seconds than thresholds in its last snapshot.
        let column = |at: usize| -> Vec<Option<f64>> {
            run.margins.iter().map(|(_, margins)| margins.get(at).copied().flatten().map(rounded)).collect()
        };
        let known: Vec<(usize, Vec<Option<f64>>)> = (0..judgements.len())
            .map(|at| (at, column(at)))
            .filter(|(_, column)| column.iter().any(Option::is_some))
            .collect();
        let names = known.iter().map(|(at, _)| line(&judgements[*at].check)).collect();
        let times = run.margins.iter().map(|(at, _)| rounded(at.as_secs_f64())).collect();
        let most = (MARGINS.0 / known.len().max(1)).min(POINTS);
        let sampled = downsample(times, known.into_iter().map(|(_, column)| column).collect(), most);
        Self { t: sampled.times, names, of: sampled.columns }
    }
}

impl Redis {
    fn of(run: &Run) -> Self {
        let column = |of: fn(&RedisPoint) -> Option<f64>| run.redis.iter().map(|(_, point)| of(point)).collect();
        let columns = vec![
            column(|point| point.memory.map(|bytes| bytes as f64)),
            column(|point| point.clients.map(|clients| clients as f64)),
            column(|point| point.ops.map(rounded)),
            column(|point| point.delivery_p95.map(|micros| rounded(micros / 1e3))),
            column(|point| point.hit_ratio().map(rounded)),
        ];
        let times = run.redis.iter().map(|(at, _)| rounded(at.as_secs_f64())).collect();
        let sampled = downsample(times, columns, POINTS);
        let mut columns = sampled.columns.into_iter();
        let mut next = || columns.next().unwrap_or_default();
        Self { memory: next(), clients: next(), ops: next(), delivery: next(), hits: next(), t: sampled.times }
    }
}

impl Spectrum {
    fn of(run: &Run) -> Self {
        let total = &run.last.total.total;
        let differs = total.service.as_ref().filter(|service| **service != total.response);
        Self {
            labels: PERCENTILE_LABELS,
            response: total.response.percentiles.map(millis),
            service: differs.map(|service| service.percentiles.map(millis)),
        }
    }
}

/// Rounds to three decimals; more are not visible.
fn rounded(n: f64) -> f64 {
    (n * 1e3).round() / 1e3
}
