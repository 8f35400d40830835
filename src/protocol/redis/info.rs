//! Parses the response to `INFO`.

use std::collections::HashMap;

use crate::stats::server::ServerFigures;

/// Servers that speak the protocol, and the line with their own version: for the sake of clients, `redis_version` is
/// that of the Redis which they are compatible with.
const PRODUCTS: [(&str, &str); 5] = [
    ("Valkey", "valkey_version"),
    ("Dragonfly", "dragonfly_version"),
    ("Kvrocks", "kvrocks_version"),
    ("Redict", "redict_version"),
    ("Garnet", "garnet_version"),
];

/// Counters since the start of the server that help to explain why it closes connections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InfoCounters {
    /// Changes with each restart.
    pub run_id: String,
    /// Clients disconnected for reading too slowly; since Redis 7.2.
    pub output_buffer_cuts: Option<u64>,
    /// Clients evicted; since Redis 7.0.
    pub evicted_clients: Option<u64>,
    /// Connections refused because of `maxclients`.
    pub rejected: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Commands processed.
    pub commands: u64,
}

/// The lines of a response.
#[derive(Debug)]
pub struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    /// Parses `name:value` lines; skips titles and anything else.
    pub fn read(text: &'a str) -> Self {
        Self(text.lines().filter_map(|line| line.trim_end().split_once(':')).collect())
    }

    /// True if there is no such line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.parse().ok()
    }

    /// Name of the product if it is not Redis itself, and the line with its version.
    fn product(&self) -> Option<(&'static str, &'static str)> {
        PRODUCTS.into_iter().find(|(_, version)| self.0.contains_key(version))
    }

    /// The counters.
    pub fn counters(&self) -> InfoCounters {
        InfoCounters {
            run_id: self.0.get("run_id").map_or_else(String::new, |id| (*id).to_owned()),
            output_buffer_cuts: self.number("client_output_buffer_limit_disconnections"),
            evicted_clients: self.number("evicted_clients"),
            rejected: self.number("rejected_connections").unwrap_or(0),
            bytes_in: self.number("total_net_input_bytes").unwrap_or(0),
            bytes_out: self.number("total_net_output_bytes").unwrap_or(0),
            commands: self.number("total_commands_processed").unwrap_or(0),
        }
    }

    /// The figures, except those that need a second sample.
    pub fn figures(&self) -> ServerFigures {
        let limit = |name| self.number(name).filter(|n| *n > 0);
        let text = |name| self.0.get(name).map_or_else(String::new, |v| crate::clean::line(v).into_owned());
        let (product, version) = self.product().unwrap_or(("", "redis_version"));
        ServerFigures {
            product: product.to_owned(),
            version: text(version),
            clients: self.number("connected_clients").unwrap_or(0),
            max_clients: limit("maxclients"),
            memory: self.number("used_memory").unwrap_or(0),
            memory_peak: self.number("used_memory_peak").unwrap_or(0),
            memory_limit: limit("maxmemory"),
            channels: self.number("pubsub_channels").unwrap_or(0) + self.number("pubsubshard_channels").unwrap_or(0),
            patterns: self.number("pubsub_patterns").unwrap_or(0),
            ..ServerFigures::default()
        }
    }
}

/// The largest `omem` (output buffer, in bytes) in the response to `CLIENT LIST`.
pub fn largest_buffer(clients: &str) -> Option<u64> {
    let fields = clients.lines().flat_map(|line| line.split(' '));
    fields.filter_map(|field| field.strip_prefix("omem=")?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_parsed() {
        let text = "# Server\r\nredis_version:7.0.15\r\nrun_id:ab12\r\n\r\n# Clients\r\nconnected_clients:12\r\nmaxclients:100\r\n\
                    used_memory:900\r\nused_memory_peak:1000\r\nmaxmemory:0\r\nevicted_clients:3\r\ntotal_net_input_bytes:7\r\n\
                    pubsub_channels:2\r\npubsubshard_channels:1\r\npubsub_patterns:4\r\nodd\r\n";
        let info = Info::read(text);
        let figures = info.figures();
        assert_eq!((figures.clients, figures.max_clients, figures.memory_limit), (12, Some(100), None));
        assert_eq!((figures.version.as_str(), figures.channels, figures.patterns), ("7.0.15", 3, 4));
        assert_eq!((figures.title().as_str(), figures.product.as_str()), ("Redis 7.0.15", ""));
        let counters = info.counters();
        assert_eq!((counters.run_id.as_str(), counters.evicted_clients, counters.bytes_in), ("ab12", Some(3), 7));
        assert_eq!(counters.output_buffer_cuts, None);
        assert_eq!(largest_buffer("id=1 omem=0 x\nid=2 omem=20504 y\nid=3 omem=?"), Some(20_504));
        assert_eq!(largest_buffer(""), None);
    }

    #[test]
    fn products_are_named_with_their_own_version() {
        for (text, wanted) in [
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n", "Valkey 9.1.2"),
            ("redis_version:7.4.0\r\ndragonfly_version:df-v1.30.0\r\n", "Dragonfly df-v1.30.0"),
            ("redis_version:7.4.0\r\nos:Linux\r\n", "Redis 7.4.0"),
            ("valkey_version:\x1b[31m9\r\n", "Valkey  [31m9"),
        ] {
            assert_eq!(Info::read(text).figures().title(), wanted, "{text:?}");
        }
    }
}
