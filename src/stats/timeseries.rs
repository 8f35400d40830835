//! The history of a run at limited resolution: closed seconds become 10 s buckets, and those become 60 s buckets.
//! Longer buckets are merged from the histograms of their seconds as these close, and wait until the seconds are old
//! enough to be replaced. No histogram is kept for longer than a minute.

use std::time::Duration;

use super::chunks::Chunks;
use super::histogram::{Sparse, Times};
use super::snapshot::{Block, Bucket, Buckets, Latency, Series};

/// Number of 1 s buckets kept; older parts of the charts have columns of several seconds.
const FINE: usize = 5 * 60;
/// Number of 10 s buckets kept: six hours.
const MEDIUM: usize = 6 * 360;
/// Maximum number of blocks: one day.
const BLOCKS: usize = 24 * 360;
/// Number of 60 s buckets kept: one week.
const COARSE: usize = 7 * 24 * 60;
/// Shortest part of a second that has a bucket of its own.
const SHORTEST: Duration = Duration::from_millis(250);
/// Seconds per medium bucket.
const PER_MEDIUM: usize = 10;
/// Medium buckets per coarse bucket.
const PER_COARSE: usize = 6;

/// Time series of limited size, extended by one bucket per second.
#[derive(Debug)]
pub(super) struct TimeSeries {
    view: Series,
    medium: Merger,
    coarse: Merger,
    blocks: Chunks<Block>,
    /// Planned run time, until memory for it is taken.
    planned: Option<Duration>,
}

impl TimeSeries {
    /// Takes memory for the planned run time with the first second.
    pub fn new(planned: Option<Duration>) -> Self {
        let (medium, coarse) = (Merger::new(PER_MEDIUM), Merger::new(PER_MEDIUM * PER_COARSE));
        Self { view: Series::default(), medium, coarse, blocks: Chunks::default(), planned }
    }

    /// Discards everything but memory.
    pub fn clear(&mut self) {
        self.medium.clear();
        self.coarse.clear();
        self.view.fine.clear();
        self.view.medium.clear();
        self.view.coarse.clear();
        self.blocks.clear();
    }

    /// Adds a closed second; `times` are its response times, compacted.
    pub fn push(&mut self, mut bucket: Bucket, times: &Sparse, redis: Option<(u64, u64)>) {
        set_percentiles(&mut bucket, &times.latency());
        if let Some(planned) = self.planned.take() {
            let tens = usize::try_from(planned.as_secs() / 10).unwrap_or(usize::MAX);
            self.view.fine.reserve(FINE.min(tens.saturating_mul(10)), &bucket);
            self.view.medium.reserve(MEDIUM.min(tens), &bucket);
            self.blocks.reserve(BLOCKS.min(tens), block(&bucket, redis));
        }
        if let Some(merged) = self.medium.push(&bucket, times) {
            if self.blocks.len() == BLOCKS {
                self.blocks.remove_first(1);
            }
            self.blocks.push(block(&merged, redis));
        }
        self.coarse.push(&bucket, times);

        let Series { fine, medium, coarse } = &mut self.view;
        fine.push(&bucket);
        if fine.len() >= FINE + PER_MEDIUM {
            fine.remove_first(PER_MEDIUM);
            self.medium.ready.pop_first().iter().for_each(|bucket| medium.push(bucket));
            if medium.len() >= MEDIUM + PER_COARSE {
                medium.remove_first(PER_COARSE);
                self.coarse.ready.pop_first().iter().for_each(|bucket| coarse.push(bucket));
                if coarse.len() > COARSE {
                    coarse.remove_first(1);
                }
            }
        }
    }

    /// Adds the partial last second of a run. A short one is merged into the second before it, because a rate over a few
    /// milliseconds is meaningless; a run shorter than a second has a single bucket. `own` are its response times, `both`
    /// those of the second before it too.
    pub fn finish(&mut self, begun: Bucket, own: &Sparse, both: &Sparse) {
        let before = if begun.length < SHORTEST { self.view.fine.pop() } else { None };
        let times = if before.is_some() { both } else { own };
        let mut bucket = before.map_or(begun, |before| before.extended(&begun));
        set_percentiles(&mut bucket, &times.latency());
        self.view.fine.push(&bucket);
    }

    /// Ten-second blocks of the last day at most.
    pub fn blocks(&self) -> Chunks<Block> {
        self.blocks.clone()
    }

    pub fn view(&self) -> Series {
        self.view.clone()
    }
}

/// Merges `size` seconds into one bucket.
#[derive(Debug)]
struct Merger {
    size: usize,
    seen: usize,
    bucket: Option<Bucket>,
    times: Times<u64>,
    /// Merged buckets whose seconds are still shown individually.
    ready: Buckets,
}

impl Merger {
    fn new(size: usize) -> Self {
        Self { size, seen: 0, bucket: None, times: Times::fine(), ready: Buckets::default() }
    }

    fn clear(&mut self) {
        self.times.clear();
        (self.seen, self.bucket, self.ready) = Default::default();
    }

    /// Adds a second; returns the bucket that it completes.
    fn push(&mut self, second: &Bucket, times: &Sparse) -> Option<Bucket> {
        let mut bucket = match self.bucket.take() {
            None => *second,
            Some(b) => b.extended(second),
        };
        self.times.absorb(times);
        self.seen += 1;
        if self.seen == self.size {
            set_percentiles(&mut bucket, &self.times.latency());
            self.ready.push(&bucket);
            self.times.clear();
            self.seen = 0;
            Some(bucket)
        } else {
            self.bucket = Some(bucket);
            None
        }
    }
}

impl Bucket {
    /// Merges two buckets, with the totals of the later one. Percentiles must be set by the caller.
    fn extended(&self, later: &Bucket) -> Bucket {
        Bucket {
            from: self.from,
            length: self.length + later.length,
            requests: self.requests + later.requests,
            failures: self.failures + later.failures,
            ..*later
        }
    }
}

fn block(bucket: &Bucket, redis: Option<(u64, u64)>) -> Block {
    let Bucket { from, length, users, requests, failures, p50, p95, .. } = *bucket;
    Block { from, length, users, requests, failures, p50, p95, redis }
}

fn set_percentiles(bucket: &mut Bucket, latency: &Latency) {
    let some = |time: Duration| (latency.count > 0).then_some(time);
    bucket.p50 = some(latency.p(50.0));
    bucket.p95 = some(latency.p(95.0));
    bucket.p99 = some(latency.p(99.0));
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::stats::snapshot::Cumulative;

    fn second(n: u64) -> Bucket {
        Bucket {
            from: Duration::from_secs(n),
            length: Duration::from_secs(1),
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(n + 1),
            users: n as u32,
            requests: 1,
            failures: n % 2,
            p50: None,
            p95: None,
            p99: None,
            cumulative: Cumulative { requests: n + 1, ..Cumulative::default() },
        }
    }

    #[test]
    fn ten_hours_have_limited_size_and_no_gaps() {
        let mut series = TimeSeries::new(None);
        let total = 10 * 3_600;
        for n in 0..total {
            let mut one = Times::<u32>::fine();
            one.record(Duration::from_millis(if n % 10 == 9 { 900 } else { 10 }));
            series.push(second(n), &one.sparse(), None);
        }
        let view = series.view();
        assert!(view.fine.len() >= FINE && view.fine.len() < FINE + PER_MEDIUM);
        assert!(view.medium.len() >= MEDIUM && view.medium.len() < MEDIUM + PER_COARSE);
        assert!(!view.coarse.is_empty() && series.medium.ready.len() < 100 && series.coarse.ready.len() < 400);

        let mut end = Duration::ZERO;
        for bucket in view.iter() {
            assert_eq!(bucket.from, end, "no overlap and no gap");
            end += bucket.length;
            assert_eq!(bucket.cumulative.requests, end.as_secs(), "totals at the end of the bucket");
            assert_eq!(u64::from(bucket.users), end.as_secs() - 1);
        }
        assert_eq!(end, Duration::from_secs(total));
        assert_eq!(view.iter().map(|b| b.requests).sum::<u64>(), total);
        assert_eq!(view.iter().map(|b| b.failures).sum::<u64>(), total / 2);
        for bucket in view.coarse.iter().chain(view.medium.iter()) {
            // Nine of ten seconds are fast: an average of percentiles would be 99 ms.
            assert!(bucket.p50.unwrap() < Duration::from_millis(11), "{bucket:?}");
            assert_eq!(bucket.p95, Some(Duration::from_millis(900)));
        }
        let blocks = series.blocks();
        assert_eq!(blocks.len(), BLOCKS.min(3_600));
        assert!(blocks.iter().all(|block| block.requests == 10 && block.p95 == Some(Duration::from_millis(900))));
        assert_eq!(view.medium.get(0).unwrap().length, Duration::from_secs(10));
        assert_eq!(view.coarse.get(0).unwrap().length, Duration::from_secs(60));
    }

    #[test]
    fn a_short_rest_is_part_of_the_last_second_and_a_longer_one_is_not() {
        for (millis, lengths) in [(100, &[1_000, 1_100][..]), (250, &[1_000, 1_000, 250]), (999, &[1_000, 1_000, 999])]
        {
            let mut series = TimeSeries::new(None);
            (0..2).for_each(|n| series.push(second(n), &Sparse::default(), None));
            let rest = Bucket { length: Duration::from_millis(millis), ..second(2) };
            series.finish(rest, &Sparse::default(), &Sparse::default());
            let found: Vec<u128> = series.view().fine.iter().map(|bucket| bucket.length.as_millis()).collect();
            assert_eq!(found, lengths, "{millis}");
        }
    }

    #[test]
    fn bucket_without_requests_has_no_percentiles() {
        let mut series = TimeSeries::new(None);
        series.push(second(0), &Sparse::default(), None);
        assert_eq!(series.view().fine.get(0).unwrap().p95, None);
    }
}
