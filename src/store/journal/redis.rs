//! Redis in a line of `series.jsonl`: figures from the server, delivery times, hits and misses.

use crate::stats::by_row::Merge as _;
use crate::stats::snapshot::Bucket;
use crate::stats::{Lookups, Second, Snapshot, Sparse};
use crate::store::RedisPoint;

/// Redis at the end of `second`; `None` in a run without Redis.
pub(super) fn at(second: &Bucket, snapshot: &Snapshot) -> Option<RedisPoint> {
    let redis = snapshot.redis.as_ref()?;
    // The last successful reading may be old.
    let server = redis.server.as_ref().filter(|server| !server.unreached && server.stale.is_none());
    let lookups = lookups(second, snapshot);
    Some(RedisPoint {
        memory: server.map(|server| server.memory),
        clients: server.map(|server| server.clients),
        ops: server.and_then(|server| server.ops),
        delivery_p95: delivery(second, snapshot),
        hits: lookups.map(|found| found.hits),
        misses: lookups.map(|found| found.misses),
    })
}

/// The seconds with histograms of a bucket.
fn parts<'a>(second: &Bucket, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Second> {
    let (from, until) = (second.from, second.from + second.length);
    snapshot.seconds.iter().map(|part| &**part).filter(move |part| from <= part.from && part.from < until)
}

/// Keys looked up in a second.
fn lookups(second: &Bucket, snapshot: &Snapshot) -> Option<Lookups> {
    let mut sum = Lookups::default();
    parts(second, snapshot).flat_map(|part| &part.lookups).for_each(|(_, lookups)| sum.merge(lookups));
    Some(sum).filter(|sum| !sum.is_empty())
}

/// 95th percentile of all deliveries in a second, in microseconds.
fn delivery(second: &Bucket, snapshot: &Snapshot) -> Option<f64> {
    let is_delivery = |index: u32| snapshot.endpoints.get(index as usize).is_some_and(|row| row.kind.is_delivery());
    let mut times = Sparse::default();
    for part in parts(second, snapshot) {
        part.rows.iter().filter(|(index, _)| is_delivery(*index)).for_each(|(_, row)| times.merge(&row.response));
    }
    times.compact();
    times.percentile(95.0).map(|time| time.as_nanos() as f64 / 1e3)
}
