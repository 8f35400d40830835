//! Redis in a line of `series.jsonl`: figures from the server, and delivery times.

use crate::stats::snapshot::Bucket;
use crate::stats::{Snapshot, Sparse};
use crate::store::RedisPoint;

/// Redis at the end of `second`; `None` in a run without Redis.
pub(super) fn at(second: &Bucket, snapshot: &Snapshot) -> Option<RedisPoint> {
    let redis = snapshot.redis.as_ref()?;
    // The last successful reading may be old.
    let server = redis.server.as_ref().filter(|server| !server.unreached && server.stale.is_none());
    Some(RedisPoint {
        memory: server.map(|server| server.memory),
        clients: server.map(|server| server.clients),
        ops: server.and_then(|server| server.ops),
        delivery_p95: delivery(second, snapshot),
    })
}

/// 95th percentile of all deliveries in a second, in microseconds.
fn delivery(second: &Bucket, snapshot: &Snapshot) -> Option<f64> {
    let is_delivery = |index: u32| snapshot.endpoints.get(index as usize).is_some_and(|row| row.kind.is_delivery());
    let mut times = Sparse::default();
    for part in
        snapshot.seconds.iter().filter(|part| second.from <= part.from && part.from < second.from + second.length)
    {
        part.rows.iter().filter(|(index, _)| is_delivery(*index)).for_each(|(_, row)| times.merge(&row.response));
    }
    times.compact();
    times.percentile(95.0).map(|time| time.as_nanos() as f64 / 1e3)
}
