//! Which node of a cluster serves which slot.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ::redis::Value;
use ::redis::cluster_routing::Slot;

use crate::protocol::redis::value::{bytes, text};
use crate::scenario::plan::ServerAddress;

/// Slots of a cluster.
pub(super) const SLOTS: u16 = 16_384;
/// Maximum nodes; Redis recommends at most 1,000.
const MAX_NODES: usize = 2_000;

/// A master and its replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Takes writes.
    pub master: ServerAddress,
    /// Copies of it that are in service.
    pub replicas: Vec<ServerAddress>,
    /// Slots, in ranges.
    pub slots: Vec<RangeInclusive<u16>>,
}

/// The shards of a cluster at one time.
#[derive(Debug)]
pub struct Topology {
    /// In the order of their first slot.
    pub shards: Vec<Shard>,
    /// Index of the shard of each slot.
    by_slot: HashMap<Slot, usize>,
}

impl Topology {
    /// Of these shards. `None` if no slot has a master, or if there are too many nodes.
    pub fn new(mut shards: Vec<Shard>) -> Option<Self> {
        shards.sort_by_key(|shard| shard.slots.first().map(|range| *range.start()));
        let nodes: usize = shards.iter().map(|shard| 1 + shard.replicas.len()).sum();
        let slots = |(at, shard): (usize, &Shard)| {
            shard.slots.iter().cloned().flatten().map(move |slot| (slot, at)).collect::<Vec<_>>()
        };
        let pairs = shards.iter().enumerate().flat_map(slots);
        let by_slot: HashMap<Slot, usize> = pairs.filter_map(|(slot, at)| Some((Slot::new(slot)?, at))).collect();
        (nodes <= MAX_NODES && !by_slot.is_empty()).then_some(Self { shards, by_slot })
    }

    /// The shard of a key or of a sharded channel; `None` if no node serves its slot.
    pub fn shard(&self, key: &[u8]) -> Option<&Shard> {
        self.by_slot.get(&Slot::for_key(key)).map(|at| &self.shards[*at])
    }
}

/// Shards from the response to `CLUSTER SHARDS`. `asked` is the server that responded: nodes whose host it does not know
/// are at its own. Nodes that are not in service are left out, and so are shards without a master.
pub fn from_shards(response: &Value, asked: &ServerAddress, tls: bool) -> Vec<Shard> {
    items(response).iter().filter_map(|shard| one_shard(&fields(shard), asked, tls)).collect()
}

fn one_shard(shard: &HashMap<String, &Value>, asked: &ServerAddress, tls: bool) -> Option<Shard> {
    let bounds: Vec<u16> = items(shard.get("slots")?).iter().filter_map(number).collect();
    let slots = bounds.chunks_exact(2).map(|pair| pair[0]..=pair[1]).collect();
    let (mut master, mut replicas) = (None, Vec::new());
    for node in items(shard.get("nodes")?) {
        let node = fields(node);
        let field = |name: &str| node.get(name).map(|value| text(value)).unwrap_or_default();
        let port = node.get(if tls { "tls-port" } else { "port" }).or_else(|| node.get("port"));
        if !["online", ""].contains(&&*field("health")) {
            continue;
        }
        let Some(server) = port.and_then(|port| server(&field("endpoint"), number(port)?, asked)) else { continue };
        if field("role") == "master" { master = Some(server) } else { replicas.push(server) }
    }
    Some(Shard { master: master?, replicas, slots })
}

/// Shards from the response to `CLUSTER SLOTS`, for servers before version 7.
pub fn from_slots(response: &Value, asked: &ServerAddress) -> Vec<Shard> {
    let mut shards: Vec<Shard> = Vec::new();
    for range in items(response) {
        let [from, to, nodes @ ..] = items(range) else { continue };
        let (Some(from), Some(to)) = (number(from), number(to)) else { continue };
        let mut servers = nodes.iter().filter_map(|node| {
            let [host, port, ..] = items(node) else { return None };
            server(&text(host), number(port)?, asked)
        });
        let Some(master) = servers.next() else { continue };
        match shards.iter_mut().find(|shard| shard.master == master) {
            Some(shard) => shard.slots.push(from..=to),
            None => shards.push(Shard { master, replicas: servers.collect(), slots: vec![from..=to] }),
        }
    }
    shards
}

/// A node that calls itself `host`; `?` is a host that the cluster does not know yet.
pub fn server(host: &str, port: u16, asked: &ServerAddress) -> Option<ServerAddress> {
    match (host, asked) {
        ("?", _) => None,
        ("" | "0.0.0.0" | "::", ServerAddress::Tcp { host, .. }) => {
            Some(ServerAddress::Tcp { host: Arc::clone(host), port })
        }
        ("" | "0.0.0.0" | "::", ServerAddress::Unix(_)) => Some(ServerAddress::Tcp { host: "127.0.0.1".into(), port }),
        (host, _) => Some(ServerAddress::Tcp { host: host.into(), port }),
    }
}

pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        Value::Attribute { data, .. } => items(data),
        _ => &[],
    }
}

/// The fields of a map, which RESP2 sends as a list.
pub(super) fn fields(value: &Value) -> HashMap<String, &Value> {
    match value {
        Value::Map(pairs) => pairs.iter().map(|(name, value)| (text(name), value)).collect(),
        other => items(other).chunks_exact(2).map(|pair| (text(&pair[0]), &pair[1])).collect(),
    }
}

pub(super) fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        other => std::str::from_utf8(bytes(other)?).ok()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redis::example_responses::value;

    fn tcp(host: &str, port: u16) -> ServerAddress {
        ServerAddress::Tcp { host: host.into(), port }
    }

    /// RESP of a list in the form of `redis-cli`'s arguments: words, numbers, and nested lists.
    fn resp(json: &serde_json::Value) -> String {
        match json {
            serde_json::Value::Array(items) => {
                format!("*{}\r\n{}", items.len(), items.iter().map(resp).collect::<String>())
            }
            serde_json::Value::Number(number) => format!(":{number}\r\n"),
            serde_json::Value::Null => "_\r\n".to_owned(),
            other => other.as_str().map(|text| format!("${}\r\n{text}\r\n", text.len())).unwrap_or_default(),
        }
    }

    #[test]
    fn shards_are_read_with_their_nodes_in_service() {
        let node = |port: u16, endpoint: &str, role: &str, health: &str| {
            serde_json::json!([
                "id",
                "x",
                "port",
                port,
                "tls-port",
                port + 1,
                "endpoint",
                endpoint,
                "role",
                role,
                "health",
                health
            ])
        };
        let response = serde_json::json!([
            ["slots", [8192, 16383], "nodes", [node(7001, "b.test", "master", "online")]],
            [
                "slots",
                [0, 5, 7, 8191],
                "nodes",
                [
                    node(7000, "", "master", "online"),
                    node(7002, "c.test", "replica", "online"),
                    node(7003, "c.test", "replica", "failed"),
                    node(7004, "?", "replica", "online"),
                ]
            ],
            ["slots", [], "nodes", [node(7005, "d.test", "replica", "loading")]],
        ]);
        let shards = from_shards(&value(&resp(&response)), &tcp("a.test", 9), false);
        let topology = Topology::new(shards).expect("a topology");
        let first =
            Shard { master: tcp("a.test", 7000), replicas: vec![tcp("c.test", 7002)], slots: vec![0..=5, 7..=8191] };
        let second = Shard { master: tcp("b.test", 7001), replicas: Vec::new(), slots: vec![8192..=16383] };
        assert_eq!(topology.shards, [first, second]);
        assert_eq!(topology.by_slot.len(), 16_383);
        // A part in braces alone decides: CRC16 gives `user` slot 5474.
        let masters =
            ["user", "{user}:1", "x{user}y{z}"].map(|key| topology.shard(key.as_bytes()).map(|shard| &shard.master));
        assert_eq!(masters[0], masters[1]);
        assert_eq!(masters[1], masters[2]);
        let tls = from_shards(&value(&resp(&response)), &tcp("a.test", 9), true);
        assert_eq!(tls[0].master, tcp("b.test", 7002));
    }

    #[test]
    fn slots_of_older_servers_are_read() {
        let response = serde_json::json!([
            [0, 100, ["", 7000, "id"], ["r.test", 7003, "id"]],
            [200, 300, ["", 7000, "id"], ["r.test", 7003, "id"]],
            [101, 199, [null, 7001]],
            [301, 400, ["?", 7002]],
            ["odd"],
        ]);
        let shards = from_slots(&value(&resp(&response)), &tcp("a.test", 9));
        let first =
            Shard { master: tcp("a.test", 7000), replicas: vec![tcp("r.test", 7003)], slots: vec![0..=100, 200..=300] };
        assert_eq!(
            shards,
            [first, Shard { master: tcp("a.test", 7001), replicas: Vec::new(), slots: vec![101..=199] }]
        );
    }

    #[test]
    fn hostile_responses_are_no_topology() {
        for response in ["+OK\r\n", "*0\r\n", "*1\r\n*2\r\n+slots\r\n:1\r\n", "%1\r\n+nodes\r\n*1\r\n_\r\n"] {
            assert!(Topology::new(from_shards(&value(response), &tcp("a", 1), false)).is_none(), "{response:?}");
        }
        let shard = |port| Shard { master: tcp("a", port), replicas: Vec::new(), slots: vec![port..=port] };
        assert!(Topology::new((0..2_001).map(shard).collect()).is_none());
    }
}
