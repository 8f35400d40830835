//! Figures that a Redis server reports about itself under load, and warnings about them.

use serde::{Deserialize, Serialize};

use crate::units;

/// Figures of the server at one moment, from its `INFO`. `None` where an old server does not report it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServerFigures {
    /// Version, such as `7.0.15`.
    pub version: String,
    /// Clients connected.
    pub clients: u64,
    /// Most clients connected at any reading.
    pub clients_peak: u64,
    /// Most clients allowed (`maxclients`).
    pub max_clients: Option<u64>,
    /// Bytes in use.
    pub memory: u64,
    /// Most bytes that were in use.
    pub memory_peak: u64,
    /// Memory limit in bytes (`maxmemory`); `None` without one.
    pub memory_limit: Option<u64>,
    /// Commands per second; rates are known from the second reading on.
    pub ops: Option<f64>,
    /// Bytes received per second.
    pub bytes_in: Option<f64>,
    /// Bytes sent per second.
    pub bytes_out: Option<f64>,
    /// Channels with subscribers.
    pub channels: u64,
    /// Patterns subscribed to.
    pub patterns: u64,
    /// Clients disconnected since the first reading because they read too slowly.
    pub output_buffer_cuts: Option<u64>,
    /// Clients evicted since the first reading to save memory.
    pub evicted_clients: Option<u64>,
    /// Connections refused since the first reading because of `maxclients`.
    pub rejected: u64,
    /// Largest output buffer that waits for one client now, in bytes.
    pub largest_buffer: Option<u64>,
    /// The error, when the last reading failed.
    pub stale: Option<String>,
    /// No reading has succeeded yet, so that the figures here mean nothing.
    pub unreached: bool,
}

/// Ratio of a limit from which on there is a warning.
const CLOSE: f64 = 0.8;

impl ServerFigures {
    /// Takes the counters from a reading after the run, when its users are no longer connected.
    pub fn count(&mut self, later: &ServerFigures) {
        self.stale.clone_from(&later.stale);
        if later.unreached {
            return;
        }
        self.output_buffer_cuts = later.output_buffer_cuts;
        self.evicted_clients = later.evicted_clients;
        self.rejected = later.rejected;
        self.clients_peak = self.clients_peak.max(later.clients_peak);
    }

    /// Disconnected and evicted clients and the largest buffer, in one line; a dash for what is not known.
    pub fn cuts(&self) -> String {
        let known = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), units::count);
        let buffer = self.largest_buffer.map_or_else(|| "–".to_owned(), units::bytes);
        let (cut, evicted) = (known(self.output_buffer_cuts), known(self.evicted_clients));
        format!("{cut} cut · {evicted} evicted · largest buffer {buffer}")
    }

    /// Commands, bytes received and bytes sent, each per second; a dash for what is not known.
    pub fn rates(&self) -> [String; 3] {
        let bytes = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |rate| units::bytes(rate as u64));
        [self.ops.map_or_else(|| "–".to_owned(), units::rate), bytes(self.bytes_in), bytes(self.bytes_out)]
    }

    /// Warnings, most severe first.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let some = |n: Option<u64>| n.filter(|n| *n > 0);
        if let Some(cuts) = some(self.output_buffer_cuts) {
            found.push(format!("{cuts} clients disconnected: over their output buffer limit"));
        }
        if let Some(evicted) = some(self.evicted_clients) {
            found.push(format!("{evicted} clients evicted to save memory"));
        }
        if self.rejected > 0 {
            found.push(format!("{} connections refused: maxclients is reached", self.rejected));
        }
        let part = |now: u64, most: Option<u64>| most.filter(|m| *m > 0).map(|most| now as f64 / most as f64);
        if let Some(part) = part(self.clients, self.max_clients).filter(|part| *part >= CLOSE) {
            found.push(format!("clients at {:.0} % of maxclients", part * 100.0));
        }
        if let Some(part) = part(self.memory, self.memory_limit).filter(|part| *part >= CLOSE) {
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
    fn a_look_after_the_run_changes_only_what_counts_over_it() {
        let mut last = ServerFigures { clients: 60, clients_peak: 61, ops: Some(900.0), ..ServerFigures::default() };
        last.count(&ServerFigures { unreached: true, output_buffer_cuts: Some(9), ..ServerFigures::default() });
        assert_eq!(last.output_buffer_cuts, None);
        last.count(&ServerFigures { clients: 1, clients_peak: 62, rejected: 2, ..ServerFigures::default() });
        assert_eq!((last.clients, last.clients_peak, last.ops, last.rejected), (60, 62, Some(900.0), 2));
        last.count(&ServerFigures { stale: Some("no answer".to_owned()), ..ServerFigures::default() });
        assert_eq!(last.warnings(), ["no newer figures from the server: no answer"]);
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
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
    fn limits_that_are_near_are_named() {
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
