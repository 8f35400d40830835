//! CSV files that Locust does not have: cost of GraphQL operations and delivery of Redis messages.

use std::sync::Arc;

use super::cells::{Record, header, millis, text};
use crate::stats::delivery::Tally;
use crate::stats::{Lookups, Snapshot};

/// `_graphql.csv`; `None` in a run without GraphQL.
pub(super) fn graphql(snapshot: &Snapshot) -> Option<Vec<Record>> {
    let columns = "Type,Name,Depth,Fields,Aliases,Nodes,Request Count,Failure Count,Average Response Time,50%,95%,99%,\
                   Average Cost,Average Requested Cost,Least Cost Available,Unknown Hashes";
    let points = |points: Option<f64>| points.map_or_else(String::new, |points| format!("{points:?}"));
    let rows: Vec<Record> = snapshot
        .operations()
        .map(|(row, asked, costs)| {
            let times = &row.total.response;
            let mut record = vec![text(row.kind.name()), text(&row.name), asked.depth.to_string()];
            record.extend([asked.fields, asked.aliases, asked.nodes].map(|n| n.to_string()));
            record.extend([row.total.requests, row.total.failures].map(|n| n.to_string()));
            record.push(format!("{:?}", millis(times.mean)));
            record.extend([50.0, 95.0, 99.0].map(|p| millis(times.p(p)).to_string()));
            record.extend([costs.actual(), costs.requested(), costs.available].map(points));
            record.push(snapshot.remarks_of(row).unknown_hashes.to_string());
            record
        })
        .collect();
    (!rows.is_empty()).then(|| std::iter::once(header(columns, false, "")).chain(rows).collect())
}

/// `_redis.csv`: published messages in `PUBLISH` rows, deliveries in `DELIVER` rows, lost connections in `SUBSCRIBE`
/// rows, hits and misses in `REDIS` rows; `None` in a run without them.
pub(super) fn redis(snapshot: &Snapshot) -> Option<Vec<Record>> {
    let redis = snapshot.redis.as_ref().filter(|redis| !redis.rows.is_empty() || !redis.lookups.is_empty())?;
    let columns = "Type,Name,Published,Receivers,Received,Delivered,Lost,Lost In Stream,Lost While Disconnected,Came Late,\
                   Duplicates,Out Of Order,Foreign,Disconnects,Unsettled,Hits,Misses";
    let line = |kind: &str, name: &str, tally: &Tally, found: Lookups| {
        let figures = [
            tally.published,
            tally.sent_to,
            tally.received,
            tally.delivered(),
            tally.lost(),
            tally.lost_in_stream,
            tally.lost_disconnected,
            tally.late,
            tally.duplicates,
            tally.out_of_order,
            tally.foreign,
            tally.disconnects,
            tally.unsettled,
            found.hits,
            found.misses,
        ];
        [text(kind), text(name)].into_iter().chain(figures.map(|n| n.to_string())).collect()
    };
    // Messages and hits are in different rows.
    let messages = redis.rows.iter().map(|(kind, name, tally)| (name, kind.name(), *tally, Lookups::default()));
    let lookups = redis.lookups.iter().map(|(kind, name, found)| (name, kind.name(), Tally::default(), *found));
    let mut rows: Vec<_> = messages.chain(lookups).collect();
    rows.sort_by_key(|(name, kind, ..)| (Arc::clone(name), (*kind).to_owned()));
    let rows = rows.into_iter().map(|(name, kind, tally, found)| line(kind, name, &tally, found));
    let total = line("", "Aggregated", &redis.total, redis.looked_up());
    Some(std::iter::once(header(columns, false, "")).chain(rows).chain([total]).collect())
}
