//! Figures that a Redis server reports about itself, and warnings about them.

use serde::{Deserialize, Serialize};

use crate::units;

/// Figures of the server's `INFO` at one moment. `None` if the version does not report it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServerFigures {
    /// Name of the product if it is not Redis itself, such as `Valkey`; else empty.
    #[serde(default)]
    pub product: String,
    /// Version of the product, such as `7.0.15`.
    pub version: String,
    /// Connected clients.
    pub clients: u64,
    /// Maximum of `clients` over all readings.
    pub clients_peak: u64,
    /// Limit of connected clients (`maxclients`).
    pub max_clients: Option<u64>,
    /// Bytes of memory in use.
    pub memory: u64,
    /// Peak of memory in use, in bytes.
    pub memory_peak: u64,
    /// Memory limit in bytes (`maxmemory`); `None` without one.
    pub memory_limit: Option<u64>,
    /// Commands per second. Rates are available from the second reading on.
    pub ops: Option<f64>,
    /// Bytes received per second.
    pub bytes_in: Option<f64>,
    /// Bytes sent per second.
    pub bytes_out: Option<f64>,
    /// Channels with subscribers.
    pub channels: u64,
    /// Subscribed patterns.
    pub patterns: u64,
    /// Clients disconnected since the first reading for exceeding the output buffer limit.
    pub output_buffer_cuts: Option<u64>,
    /// Clients evicted since the first reading to free memory.
    pub evicted_clients: Option<u64>,
    /// Connections refused since the first reading because of `maxclients`.
    pub rejected: u64,
    /// Largest current output buffer of one client, in bytes.
    pub largest_buffer: Option<u64>,
    /// How often the master failed, where another server may take over from it (Sentinel).
    #[serde(default)]
    pub outages: u64,
    /// Seconds without a master.
    #[serde(default)]
    pub seconds_out: f64,
    /// Error of the last reading, if it failed.
    pub stale: Option<String>,
    /// No reading has succeeded yet: the figures are not valid.
    pub unreached: bool,
}

/// Ratio of a limit from which a warning is shown.
const WARN_RATIO: f64 = 0.8;

impl ServerFigures {
    /// Name and version, such as `Redis 7.0.15`.
    pub fn title(&self) -> String {
        format!("{} {}", self.name(), self.version).trim_end().to_owned()
    }

    /// Name of the product.
    pub fn name(&self) -> &str {
        if self.product.is_empty() { "Redis" } else { &self.product }
    }

    /// Updates the counters from a reading after the run, when its users have disconnected.
    pub fn update_counters(&mut self, later: &ServerFigures) {
        self.stale.clone_from(&later.stale);
        (self.outages, self.seconds_out) = (later.outages, later.seconds_out);
        if later.unreached {
            return;
        }
        self.output_buffer_cuts = later.output_buffer_cuts;
        self.evicted_clients = later.evicted_clients;
        self.rejected = later.rejected;
        self.clients_peak = self.clients_peak.max(later.clients_peak);
    }

    /// Disconnected clients, evicted clients and the largest buffer, in one line; a dash if unknown.
    pub fn cuts(&self) -> String {
        let known = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), units::count);
        let buffer = self.largest_buffer.map_or_else(|| "–".to_owned(), units::bytes);
        let (cut, evicted) = (known(self.output_buffer_cuts), known(self.evicted_clients));
        format!("{cut} cut · {evicted} evicted · largest buffer {buffer}")
    }

    /// Commands, bytes received and bytes sent, each per second; a dash if unknown.
    pub fn rates(&self) -> [String; 3] {
        let bytes = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |rate| units::bytes(rate as u64));
        [self.ops.map_or_else(|| "–".to_owned(), units::rate), bytes(self.bytes_in), bytes(self.bytes_out)]
    }

    /// Warnings, most severe first.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.outages > 0 {
            let times = if self.outages > 1 { format!(" in {} failures", self.outages) } else { String::new() };
            found.push(format!("no master for {:.1} s{times}", self.seconds_out));
        }
        let some = |n: Option<u64>| n.filter(|n| *n > 0);
        if let Some(cuts) = some(self.output_buffer_cuts) {
            found.push(format!("{cuts} clients disconnected: over their output buffer limit"));
        }
        if let Some(evicted) = some(self.evicted_clients) {
            found.push(format!("{evicted} clients evicted to save memory"));
        }
        if self.rejected > 0 {
            found.push(format!("{} refused: maxclients is reached", units::counted(self.rejected, "connection")));
        }
        let part = |now: u64, most: Option<u64>| most.filter(|m| *m > 0).map(|most| now as f64 / most as f64);
        if let Some(part) = part(self.clients, self.max_clients).filter(|part| *part >= WARN_RATIO) {
            found.push(format!("clients at {:.0} % of maxclients", part * 100.0));
        }
        if let Some(part) = part(self.memory, self.memory_limit).filter(|part| *part >= WARN_RATIO) {
            found.push(format!("memory at {:.0} % of maxmemory", part * 100.0));
        }
        if let Some(why) = &self.stale {
            let what = if self.unreached { "no figures" } else { "no newer figures" };
            found.push(format!("{what} from the server: {why}"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_after_the_run_updates_only_counters() {
        let mut last = ServerFigures { clients: 60, clients_peak: 61, ops: Some(900.0), ..ServerFigures::default() };
        last.update_counters(&ServerFigures {
            unreached: true,
            output_buffer_cuts: Some(9),
            ..ServerFigures::default()
        });
        assert_eq!(last.output_buffer_cuts, None);
        last.update_counters(&ServerFigures { clients: 1, clients_peak: 62, rejected: 2, ..ServerFigures::default() });
        assert_eq!((last.clients, last.clients_peak, last.ops, last.rejected), (60, 62, Some(900.0), 2));
        last.update_counters(&ServerFigures { stale: Some("no response".to_owned()), ..ServerFigures::default() });
        assert_eq!(last.warnings(), ["no newer figures from the server: no response"]);
    }

    #[test]
    fn unknown_figures_are_dashes() {
        assert_eq!(ServerFigures::default().cuts(), "– cut · – evicted · largest buffer –");
        assert_eq!(ServerFigures::default().rates().join(" "), "– – –");
        let (output_buffer_cuts, evicted_clients, largest_buffer) = (Some(0), Some(1_200), Some(20_480));
        let known = ServerFigures { output_buffer_cuts, evicted_clients, largest_buffer, ..ServerFigures::default() };
        assert_eq!(known.cuts(), "0 cut · 1,200 evicted · largest buffer 20.5 kB");
    }

    #[test]
    fn a_server_that_was_never_reached_has_no_figures() {
        let stale = || Some("connection refused".to_owned());
        let never = ServerFigures { unreached: true, stale: stale(), ..ServerFigures::default() };
        assert_eq!(never.warnings(), ["no figures from the server: connection refused"]);
        let gone = ServerFigures { stale: stale(), ..ServerFigures::default() };
        assert_eq!(gone.warnings(), ["no newer figures from the server: connection refused"]);
    }

    #[test]
    fn warns_near_limits() {
        let calm = ServerFigures { clients: 79, max_clients: Some(100), memory: 5, ..ServerFigures::default() };
        assert_eq!(calm.warnings(), Vec::<String>::new());
        let near = ServerFigures { clients: 80, memory: 9, memory_limit: Some(10), ..calm.clone() };
        assert_eq!(near.warnings(), ["clients at 80 % of maxclients", "memory at 90 % of maxmemory"]);
        let cut = ServerFigures { output_buffer_cuts: Some(3), evicted_clients: Some(0), rejected: 2, ..calm };
        assert_eq!(
            cut.warnings(),
            ["3 clients disconnected: over their output buffer limit", "2 connections refused: maxclients is reached"]
        );
    }
}
