//! Sentences on the delivery of messages, hits and misses, and the state of a Redis server.

use crate::report::shown::was;
use crate::stats::Snapshot;
use crate::stats::snapshot::RedisView;
use crate::units;

/// Delivery of published messages and state of the Redis server, one sentence each; none in a run without Redis.
pub fn redis(snapshot: &Snapshot) -> Vec<String> {
    let Some(redis) = &snapshot.redis else { return Vec::new() };
    let mut out = Vec::new();
    let name = redis.name();
    let all = &redis.total;
    let count = units::count;
    if snapshot.measures_delivery() && (all.published > 0 || all.received > 0) {
        let (delivered, published) = (count(all.delivered()), count(all.published));
        out.push(format!("{name}: {published} published, {delivered} delivered, fan-out {:.1}", all.fan_out()));
        let (lost, ratio) = (count(all.lost()), units::percent(all.lost_ratio(), 3));
        let (stream, cut) = (count(all.lost_in_stream), count(all.lost_disconnected));
        let parts = [(all.late, "late"), (all.lost_disconnected, "while disconnected")];
        let why = if parts.iter().any(|(n, _)| *n > 0) {
            format!(" ({stream} in the stream, {cut} while disconnected, {} late)", count(all.late))
        } else {
            String::new()
        };
        let (doubled, late) = (count(all.duplicates), count(all.out_of_order));
        let unsettled = match all.unsettled {
            0 => String::new(),
            n => format!(", {} unsettled (not received by the end)", count(n)),
        };
        out.push(format!("{name}: {lost} lost, {ratio}{why}{unsettled}, {doubled} duplicated, {late} out of order"));
    }
    if all.disconnects > 0 {
        out.push(format!("{name}: {} of subscribers broke", units::counted(all.disconnects, "connection")));
    }
    if all.foreign > 0 {
        out.push(format!(
            "{name}: {} of other senders {} received",
            units::counted(all.foreign, "message"),
            was(all.foreign)
        ));
    }
    out.extend(lookups(redis));
    if let Some(server) = &redis.server {
        let most = server.max_clients.map_or_else(String::new, |most| format!(" of {}", count(most)));
        let clients = format!("{}{most} clients (peak {})", count(server.clients), count(server.clients_peak));
        let [ops, bytes_in, bytes_out] = server.rates();
        out.extend((!server.unreached).then(|| {
            format!(
                "{}: {clients}, {} (peak {}), {ops} commands/s, in {bytes_in}/s, out {bytes_out}/s, {}, {} channels, \
                 {} patterns",
                server.title(),
                units::bytes(server.memory),
                units::bytes(server.memory_peak),
                server.cuts(),
                count(server.channels),
                count(server.patterns),
            )
        }));
        out.extend(server.warnings().into_iter().map(|warning| format!("{name}: ! {warning}")));
    }
    out
}

/// Maximum number of rows whose hits are listed.
const MAX_LISTED: usize = 10;

/// Hits and misses of all commands, and of each row if there are several.
fn lookups(redis: &RedisView) -> Vec<String> {
    let name = redis.name();
    let all = redis.looked_up();
    let mut out: Vec<String> = (!all.is_empty()).then(|| format!("{name}: {all}")).into_iter().collect();
    if redis.lookups.len() > 1 {
        let rows = redis.lookups.iter().take(MAX_LISTED);
        out.extend(rows.map(|(kind, row, found)| format!("{name}: {kind} {row}: {found}")));
        let more = redis.lookups.len().saturating_sub(MAX_LISTED) as u64;
        out.extend((more > 0).then(|| format!("{name}: {} with hits and misses", units::counted(more, "more row"))));
    }
    out
}
