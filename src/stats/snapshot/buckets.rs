//! Buckets of the history in the least memory, because a run of hours has thousands of them.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::bucket::{Bucket, Cumulative};
use super::figures::Latency;
use crate::stats::chunks::Chunks;

/// A list of buckets, cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Buckets(Chunks<Packed>);

/// A bucket with times in nanoseconds, which end after five hundred years.
#[derive(Debug, Clone, Copy)]
struct Packed {
    from: u64,
    length: u64,
    at: u64,
    users: u32,
    requests: u64,
    failures: u64,
    /// [`NONE`] without requests.
    p: [u64; 3],
    /// Requests, failures, bytes and response times, up to its end.
    totals: [u64; 4],
    rps: f64,
    fps: f64,
    mean: u64,
    min: u64,
    max: u64,
    percentiles: [u64; 11],
}

const NONE: u64 = u64::MAX;

impl Buckets {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without buckets.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of time.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        self.0.iter().map(|packed| packed.bucket())
    }

    /// The one at this place.
    pub fn get(&self, at: usize) -> Option<Bucket> {
        self.0.get(at).map(|packed| packed.bucket())
    }

    /// Takes memory for this many now.
    pub(crate) fn reserve(&mut self, count: usize, like: &Bucket) {
        self.0.reserve(count, Packed::new(like));
    }

    /// Removes all, and keeps reserved memory.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends one.
    pub(crate) fn push(&mut self, bucket: &Bucket) {
        self.0.push(Packed::new(bucket));
    }

    /// Removes and returns the last one.
    pub(crate) fn pop(&mut self) -> Option<Bucket> {
        self.0.pop().map(|packed| packed.bucket())
    }

    /// Removes and returns the first one.
    pub(crate) fn pop_first(&mut self) -> Option<Bucket> {
        let first = self.get(0);
        self.remove_first(1);
        first
    }

    /// Removes this many at the start.
    pub(crate) fn remove_first(&mut self, count: usize) {
        self.0.remove_first(count);
    }
}

impl FromIterator<Bucket> for Buckets {
    fn from_iter<I: IntoIterator<Item = Bucket>>(buckets: I) -> Self {
        Self(buckets.into_iter().map(|bucket| Packed::new(&bucket)).collect())
    }
}

impl Serialize for Buckets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Buckets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Bucket>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Packed {
    fn new(bucket: &Bucket) -> Self {
        let Cumulative { requests, failures, bytes, rps, fps, response } = bucket.cumulative;
        Self {
            from: nanos(bucket.from),
            length: nanos(bucket.length),
            at: nanos(bucket.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
            users: bucket.users,
            requests: bucket.requests,
            failures: bucket.failures,
            p: [bucket.p50, bucket.p95, bucket.p99].map(|time| time.map_or(NONE, nanos)),
            totals: [requests, failures, bytes, response.count],
            rps,
            fps,
            mean: nanos(response.mean),
            min: nanos(response.min),
            max: nanos(response.max),
            percentiles: response.percentiles.map(nanos),
        }
    }

    fn bucket(&self) -> Bucket {
        let [p50, p95, p99] = self.p.map(|nanos| (nanos != NONE).then(|| Duration::from_nanos(nanos)));
        let [requests, failures, bytes, count] = self.totals;
        let [mean, min, max] = [self.mean, self.min, self.max].map(Duration::from_nanos);
        let response = Latency { count, mean, min, max, percentiles: self.percentiles.map(Duration::from_nanos) };
        Bucket {
            from: Duration::from_nanos(self.from),
            length: Duration::from_nanos(self.length),
            at: SystemTime::UNIX_EPOCH + Duration::from_nanos(self.at),
            users: self.users,
            requests: self.requests,
            failures: self.failures,
            p50,
            p95,
            p99,
            cumulative: Cumulative { requests, failures, bytes, rps: self.rps, fps: self.fps, response },
        }
    }
}

/// The longest time that can be kept is the one before [`NONE`].
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NONE).min(NONE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_comes_out_as_it_went_in() {
        let time = Duration::from_nanos;
        let response = Latency {
            count: 7,
            mean: time(1),
            min: time(2),
            max: time(3),
            percentiles: std::array::from_fn(|at| time(10 + at as u64)),
        };
        let bucket = Bucket {
            from: time(4),
            length: time(5),
            at: SystemTime::UNIX_EPOCH + time(1_795_000_000_123_456_789),
            users: u32::MAX,
            requests: 6,
            failures: u64::MAX,
            p50: Some(Duration::ZERO),
            p95: None,
            p99: Some(time(8)),
            cumulative: Cumulative { requests: 9, failures: 10, bytes: u64::MAX, rps: 1.0 / 3.0, fps: 0.1, response },
        };
        let buckets: Buckets = [bucket].into_iter().collect();
        assert_eq!((buckets.get(0), buckets.get(1)), (Some(bucket), None));
        let text = serde_json::to_string(&buckets).unwrap();
        assert_eq!(serde_json::from_str::<Buckets>(&text).unwrap().get(0), Some(bucket));
        assert!(size_of::<Packed>() <= 232, "{}", size_of::<Packed>());
    }

    #[test]
    fn what_no_clock_shows_is_kept_within_bounds() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let bucket = Bucket {
            from: Duration::MAX,
            length: Duration::ZERO,
            at: before,
            users: 0,
            requests: 0,
            failures: 0,
            p50: Some(Duration::MAX),
            p95: None,
            p99: None,
            cumulative: Cumulative::default(),
        };
        let kept = Packed::new(&bucket).bucket();
        assert_eq!((kept.p50, kept.at), (Some(Duration::from_nanos(NONE - 1)), SystemTime::UNIX_EPOCH));
    }
}
