//! Whether the figures of a long run drift: response times, failures, throughput, and what the Redis server holds.

use std::sync::Arc;
use std::time::Duration;

use super::trend::{LEAST, Trend, trend};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Block, Drift};
use crate::units;

/// A figure of ten seconds, and its words.
struct Figure {
    name: &'static str,
    of: fn(&Block) -> Option<f64>,
    words: fn(f64) -> String,
}

const FIGURES: &[Figure] = &[
    Figure { name: "p50", of: |block| block.p50.map(|time| time.as_secs_f64()), words: time },
    Figure { name: "p95", of: |block| block.p95.map(|time| time.as_secs_f64()), words: time },
    Figure { name: "failure ratio", of: failure_ratio, words: |ratio| format!("{:.3} %", ratio * 100.0) },
    Figure { name: "throughput", of: throughput, words: |rate| format!("{rate:.2} req/s") },
    Figure { name: "Redis memory", of: |block| block.redis.map(|(bytes, _)| bytes as f64), words: megabytes },
    Figure { name: "Redis connections", of: |block| block.redis.map(|(_, n)| n as f64), words: |n| format!("{n:.1}") },
];

/// Works the drifts of a run out now and then while it goes on.
#[derive(Debug, Default)]
pub struct DriftWatch {
    drifts: Arc<Vec<Drift>>,
    /// Number of blocks when they were last worked out.
    seen: usize,
}

/// Blocks between two looks: a minute, because the work grows with the square of the blocks.
const EVERY: usize = 6;

impl DriftWatch {
    /// The drifts as of this snapshot.
    pub fn observe(&mut self, snapshot: &Snapshot) -> Arc<Vec<Drift>> {
        let blocks = snapshot.blocks.len();
        // After a reset of the statistics there are fewer.
        let is_due = blocks < self.seen || blocks >= self.seen + EVERY;
        if is_due || (snapshot.state.is_done() && blocks != self.seen) {
            self.seen = blocks;
            self.drifts = Arc::new(drifts(&snapshot.blocks, snapshot.plan.rate.is_some()));
        }
        Arc::clone(&self.drifts)
    }
}

/// The drift of each figure over the steady part of the run: its longest part with an equal number of users, and in an open
/// model, where their number follows the responses, all of it. Empty where that is shorter than ten minutes.
fn drifts(blocks: &[Block], is_open: bool) -> Vec<Drift> {
    let steady = if is_open { blocks } else { steady(blocks) };
    if steady.len() < LEAST {
        return Vec::new();
    }
    let drift = |figure: &Figure| {
        let hours = |block: &Block| (block.from + block.length / 2).as_secs_f64() / 3_600.0;
        let values = steady.iter().filter_map(|block| Some((hours(block), (figure.of)(block)?)));
        let trend = trend(values)?;
        let is_significant = trend.is_significant();
        let (metric, words) = (figure.name.into(), words(figure, &trend, is_significant).into());
        Some(Drift { metric, slope: trend.slope, interval: trend.interval, is_significant, words })
    };
    FIGURES.iter().filter_map(drift).collect()
}

fn steady(blocks: &[Block]) -> &[Block] {
    let parts = blocks.chunk_by(|a, b| a.users == b.users);
    // Of equally long ones the last: what came before may have warmed up.
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

fn words(figure: &Figure, trend: &Trend, is_significant: bool) -> String {
    let Figure { name, words, .. } = figure;
    if trend.slope == 0.0 && trend.detectable == 0.0 {
        return format!("{name}: constant");
    }
    if !is_significant {
        return format!("{name}: no trend (would have seen {} an hour)", words(trend.detectable));
    }
    let verb = if trend.slope > 0.0 { "rises" } else { "falls" };
    let [slope, low, high] = [trend.slope, trend.interval.0, trend.interval.1].map(f64::abs);
    let (low, high) = (low.min(high), low.max(high));
    format!("{name} {verb} {} an hour (95 %: {} to {})", words(slope), words(low), words(high))
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

    /// Two hours whose p95 rises by 2 ms an hour, after a ramp; all else is noise.
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
    fn what_drifts_is_told_from_what_does_not() {
        let drifts = drifts(&blocks(), false);
        let words: Vec<&str> = drifts.iter().map(|drift| &*drift.words).collect();
        assert_eq!(drifts.iter().filter(|drift| drift.is_significant).count(), 1, "{words:?}");
        assert!(words[1].starts_with("p95 rises 2.0") && words[1].contains("ms an hour (95 %: 1.9"), "{words:?}");
        assert!(words[0].starts_with("p50: no trend (would have seen 0.1"), "{words:?}");
        assert_eq!((words[2], words[4]), ("failure ratio: constant", "Redis memory: constant"));
        assert_eq!(words.len(), 6);
    }

    #[test]
    fn only_the_steady_part_counts_and_it_must_be_long_enough() {
        let all = blocks();
        assert_eq!(steady(&all).len(), 720);
        assert!(drifts(&all[..30 + LEAST - 1], false).is_empty());
        assert_eq!(drifts(&all[..30 + LEAST], false).len(), 6);
        // In an open model the number of users says nothing of the load.
        assert_eq!(drifts(&all[..LEAST], true).len(), 6);
        assert!(drifts(&[], true).is_empty());
    }
}
