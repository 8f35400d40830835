//! Detects drift in long runs: response times, failures, throughput, and memory and connections of the Redis server.

use std::sync::Arc;
use std::time::Duration;

use super::trend::{MIN_VALUES, Trend, trend};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Block, Drift};
use crate::units;

/// A figure of a 10 s block, and how to format it.
struct Figure {
    name: &'static str,
    unit: &'static str,
    of: fn(&Block) -> Option<f64>,
    format: fn(f64) -> String,
}

const FIGURES: &[Figure] = &[
    Figure { name: "p50", unit: "s", of: |block| block.p50.map(|time| time.as_secs_f64()), format: time },
    Figure { name: "p95", unit: "s", of: |block| block.p95.map(|time| time.as_secs_f64()), format: time },
    Figure {
        name: "failure ratio",
        unit: "ratio",
        of: failure_ratio,
        format: |ratio| format!("{:.3} %", ratio * 100.0),
    },
    Figure { name: "throughput", unit: "requests/s", of: throughput, format: |rate| format!("{rate:.2} req/s") },
    Figure {
        name: "Redis memory",
        unit: "bytes",
        of: |block| block.redis.map(|(bytes, _)| bytes as f64),
        format: megabytes,
    },
    Figure {
        name: "Redis connections",
        unit: "connections",
        of: |block| block.redis.map(|(_, n)| n as f64),
        format: |n| format!("{n:.1}"),
    },
];

/// The unit of the slope of a figure, per hour; `None` for a figure of another version.
pub fn unit_of(metric: &str) -> Option<&'static str> {
    FIGURES.iter().find(|figure| figure.name == metric).map(|figure| figure.unit)
}

/// Computes the drifts of a run while it goes on.
#[derive(Debug, Default)]
pub struct DriftDetector {
    drifts: Arc<Vec<Drift>>,
    /// Number of blocks at the last computation.
    seen: usize,
}

/// Blocks between two computations: one minute, because the cost grows with the square of the number of blocks.
const UPDATE_INTERVAL: usize = 6;

impl DriftDetector {
    /// Drifts as of this snapshot.
    pub fn observe(&mut self, snapshot: &Snapshot) -> Arc<Vec<Drift>> {
        let count = snapshot.blocks.len();
        // A reset of the statistics reduces the number of blocks.
        let is_due = count < self.seen || count >= self.seen + UPDATE_INTERVAL;
        if is_due || (snapshot.state.is_done() && count != self.seen) {
            self.seen = count;
            let blocks: Vec<Block> = snapshot.blocks.iter().collect();
            self.drifts = Arc::new(drifts(&blocks, snapshot.plan.rate.is_some()));
        }
        Arc::clone(&self.drifts)
    }
}

/// Drift of each figure over the steady part of the run: the longest part with a constant number of users. In an open
/// model the number of users follows the response times, and the whole run is used. Empty if that is shorter than ten
/// minutes.
fn drifts(blocks: &[Block], is_open: bool) -> Vec<Drift> {
    let steady = if is_open { blocks } else { steady(blocks) };
    if steady.len() < MIN_VALUES {
        return Vec::new();
    }
    let drift = |figure: &Figure| {
        let hours = |block: &Block| (block.from + block.length / 2).as_secs_f64() / 3_600.0;
        let values = steady.iter().filter_map(|block| Some((hours(block), (figure.of)(block)?)));
        let trend = trend(values)?;
        let is_significant = trend.is_significant();
        let (metric, words) = (figure.name.into(), describe(figure, &trend, is_significant).into());
        Some(Drift { metric, slope: trend.slope, interval: trend.interval, is_significant, words })
    };
    FIGURES.iter().filter_map(drift).collect()
}

fn steady(blocks: &[Block]) -> &[Block] {
    let parts = blocks.chunk_by(|a, b| a.users == b.users);
    // Of equally long parts the last one: earlier ones may include warm-up.
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

fn describe(figure: &Figure, trend: &Trend, is_significant: bool) -> String {
    let Figure { name, format: show, .. } = figure;
    if trend.slope == 0.0 && trend.detectable == 0.0 {
        return format!("{name}: constant");
    }
    if !is_significant {
        return format!("{name}: no trend (detectable: {} an hour)", show(trend.detectable));
    }
    let verb = if trend.slope > 0.0 { "rises" } else { "falls" };
    let [slope, low, high] = [trend.slope, trend.interval.0, trend.interval.1].map(f64::abs);
    let (low, high) = (low.min(high), low.max(high));
    format!("{name} {verb} {} an hour (95 %: {} to {})", show(slope), show(low), show(high))
}

fn failure_ratio(block: &Block) -> Option<f64> {
    (block.requests > 0).then(|| block.failures as f64 / block.requests as f64)
}

fn throughput(block: &Block) -> Option<f64> {
    (!block.length.is_zero()).then(|| block.requests as f64 / block.length.as_secs_f64())
}

fn time(seconds: f64) -> String {
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time >= Duration::from_secs(1) => units::plain(time),
        _ => format!("{:.2}ms", seconds * 1e3),
    }
}

fn megabytes(bytes: f64) -> String {
    format!("{:.2} MB", bytes / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours after a ramp. p95 rises by 2 ms per hour; everything else is noise.
    fn blocks() -> Vec<Block> {
        let mut rng = fastrand::Rng::with_seed(3);
        let block = |at: u64| {
            let noise = rng.f64() - 0.5;
            let hours = at as f64 / 360.0;
            let millis = |ms: f64| Some(Duration::from_secs_f64(ms / 1e3));
            Block {
                from: Duration::from_secs(at * 10),
                length: Duration::from_secs(10),
                users: if at < 30 { at as u32 } else { 50 },
                requests: 1_000 + rng.u64(0..20),
                failures: 0,
                p50: millis(20.0 + noise),
                p95: millis(100.0 + 2.0 * hours + noise),
                redis: Some((5_000_000, 50)),
            }
        };
        (0..750).map(block).collect()
    }

    #[test]
    fn only_drifting_figures_are_significant() {
        let drifts = drifts(&blocks(), false);
        let words: Vec<&str> = drifts.iter().map(|drift| &*drift.words).collect();
        assert_eq!(drifts.iter().filter(|drift| drift.is_significant).count(), 1, "{words:?}");
        assert!(words[1].starts_with("p95 rises 1.99ms an hour (95 %: 1.9"), "{words:?}");
        assert!(words[0].starts_with("p50: no trend (detectable: 0.05"), "{words:?}");
        assert_eq!((words[2], words[4]), ("failure ratio: constant", "Redis memory: constant"));
        assert_eq!(words.len(), 6);
    }

    #[test]
    fn only_a_steady_part_of_ten_minutes_is_analyzed() {
        let all = blocks();
        assert_eq!(steady(&all).len(), 720);
        assert!(drifts(&all[..30 + MIN_VALUES - 1], false).is_empty());
        assert_eq!(drifts(&all[..30 + MIN_VALUES], false).len(), 6);
        // In an open model the number of users does not describe the load.
        assert_eq!(drifts(&all[..MIN_VALUES], true).len(), 6);
        assert!(drifts(&[], true).is_empty());
    }
}
