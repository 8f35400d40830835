//! GraphQL operations and Redis messages in the document.

use std::time::Duration;

use serde::Serialize;

use crate::stats::delivery::Tally;
use crate::stats::operation::{Asked, Costs};
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::{self, RedisView};
use crate::stats::{Lookups, Remarks};
use crate::store::RedisPoint;

#[derive(Serialize)]
pub(super) struct Operation<'a> {
    r#type: &'a str,
    name: &'a str,
    depth: u32,
    fields: u64,
    aliases: u64,
    nodes: u64,
    cost_mean: Option<f64>,
    cost_requested_mean: Option<f64>,
    cost_available_least: Option<f64>,
    unknown_hashes: u64,
}

#[derive(Serialize)]
pub(super) struct Redis<'a> {
    total: Messages,
    rows: Vec<MessageRow<'a>>,
    lookups: LookupTable<'a>,
    server: Option<Server<'a>>,
    over_time: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    at_s: f64,
    memory_bytes: Option<u64>,
    clients: Option<u64>,
    commands_per_s: Option<f64>,
    delivery_p95_ms: Option<f64>,
    hits: Option<u64>,
    misses: Option<u64>,
}

#[derive(Serialize)]
struct LookupTable<'a> {
    total: Found,
    rows: Vec<LookupRow<'a>>,
}

#[derive(Serialize)]
struct LookupRow<'a> {
    r#type: &'a str,
    name: &'a str,
    #[serde(flatten)]
    found: Found,
}

#[derive(Serialize)]
struct Found {
    hits: u64,
    misses: u64,
    hit_ratio: Option<f64>,
}

impl Found {
    fn of(lookups: Lookups) -> Self {
        Self { hits: lookups.hits, misses: lookups.misses, hit_ratio: lookups.hit_ratio() }
    }
}

#[derive(Serialize)]
struct MessageRow<'a> {
    r#type: &'a str,
    name: &'a str,
    #[serde(flatten)]
    messages: Messages,
}

#[derive(Serialize)]
struct Messages {
    published: u64,
    receivers: u64,
    received: u64,
    delivered: u64,
    lost: u64,
    lost_ratio: f64,
    lost_in_stream: u64,
    lost_disconnected: u64,
    late: u64,
    unsettled: u64,
    duplicates: u64,
    out_of_order: u64,
    foreign: u64,
    disconnects: u64,
}

#[derive(Serialize)]
struct Server<'a> {
    product: &'a str,
    version: &'a str,
    reached: bool,
    clients: u64,
    clients_peak: u64,
    clients_limit: Option<u64>,
    memory_bytes: u64,
    memory_peak_bytes: u64,
    memory_limit_bytes: Option<u64>,
    commands_per_s: Option<f64>,
    in_bytes_per_s: Option<f64>,
    out_bytes_per_s: Option<f64>,
    channels: u64,
    patterns: u64,
    clients_cut: Option<u64>,
    clients_evicted: Option<u64>,
    connections_rejected: u64,
    warnings: Vec<String>,
}

impl<'a> Operation<'a> {
    pub fn of((row, asked, costs): (&'a snapshot::Row, &Asked, Costs), remarks: Remarks) -> Self {
        let Asked { depth, fields, aliases, nodes, .. } = *asked;
        Self {
            r#type: row.kind.name(),
            name: &row.name,
            depth,
            fields,
            aliases,
            nodes,
            cost_mean: costs.actual(),
            cost_requested_mean: costs.requested(),
            cost_available_least: costs.available,
            unknown_hashes: remarks.unknown_hashes,
        }
    }
}

impl<'a> Redis<'a> {
    pub fn of(redis: &'a RedisView, over_time: &[(Duration, RedisPoint)]) -> Self {
        let row = |(kind, name, tally): &'a (crate::row_kind::RowKind, std::sync::Arc<str>, Tally)| MessageRow {
            r#type: kind.name(),
            name,
            messages: Messages::of(tally),
        };
        Self {
            total: Messages::of(&redis.total),
            rows: redis.rows.iter().map(row).collect(),
            lookups: LookupTable {
                total: Found::of(redis.looked_up()),
                rows: redis
                    .lookups
                    .iter()
                    .map(|(kind, name, found)| LookupRow { r#type: kind.name(), name, found: Found::of(*found) })
                    .collect(),
            },
            server: redis.server.as_ref().map(Server::of),
            over_time: over_time.iter().map(Point::of).collect(),
        }
    }
}

impl Point {
    fn of((at, point): &(Duration, RedisPoint)) -> Self {
        Self {
            at_s: at.as_secs_f64(),
            memory_bytes: point.memory,
            clients: point.clients,
            commands_per_s: point.ops,
            delivery_p95_ms: point.delivery_p95.map(|micros| micros / 1e3),
            hits: point.hits,
            misses: point.misses,
        }
    }
}

impl Messages {
    fn of(tally: &Tally) -> Self {
        Self {
            published: tally.published,
            receivers: tally.sent_to,
            received: tally.received,
            delivered: tally.delivered(),
            lost: tally.lost(),
            lost_ratio: tally.lost_ratio(),
            lost_in_stream: tally.lost_in_stream,
            lost_disconnected: tally.lost_disconnected,
            late: tally.late,
            unsettled: tally.unsettled,
            duplicates: tally.duplicates,
            out_of_order: tally.out_of_order,
            foreign: tally.foreign,
            disconnects: tally.disconnects,
        }
    }
}

impl<'a> Server<'a> {
    fn of(server: &'a ServerFigures) -> Self {
        Self {
            product: server.name(),
            version: &server.version,
            reached: !server.unreached,
            clients: server.clients,
            clients_peak: server.clients_peak,
            clients_limit: server.max_clients,
            memory_bytes: server.memory,
            memory_peak_bytes: server.memory_peak,
            memory_limit_bytes: server.memory_limit,
            commands_per_s: server.ops,
            in_bytes_per_s: server.bytes_in,
            out_bytes_per_s: server.bytes_out,
            channels: server.channels,
            patterns: server.patterns,
            clients_cut: server.output_buffer_cuts,
            clients_evicted: server.evicted_clients,
            connections_rejected: server.rejected,
            warnings: server.warnings(),
        }
    }
}
