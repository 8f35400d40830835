//! Irregularities of responses that are not failures, counted per row.

use serde::{Deserialize, Serialize};

use super::by_row::Merge;

/// Irregularities of one request, a row or a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remarks {
    /// Requests sent again because their connection had closed without a response.
    pub sent_again: u64,
    /// Invalid header lines that were ignored.
    pub ignored_lines: u64,
    /// Bodies that ended with a TLS connection closed without `close_notify` and may be truncated.
    pub unclosed: u64,
    /// Responses with an unknown `Content-Encoding`; their body is not decoded.
    pub unknown_codings: u64,
    /// Redirects to another origin for which headers with credentials were removed.
    pub withheld_headers: u64,
    /// Redirects that sent the body to another origin.
    pub forwarded_bodies: u64,
    /// Persisted queries that the server did not know: the hash was sent in vain, and then the text.
    pub unknown_hashes: u64,
    /// Hashes sent to a server that does not support persisted queries: the text was sent again.
    pub refused_hashes: u64,
    /// Redis commands that a node of a cluster sent on to another one (MOVED, ASK).
    pub redirects: u64,
}

impl Remarks {
    /// True when every counter is 0.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Merge for Remarks {
    fn merge(&mut self, other: &Self) {
        self.sent_again += other.sent_again;
        self.ignored_lines += other.ignored_lines;
        self.unclosed += other.unclosed;
        self.unknown_codings += other.unknown_codings;
        self.withheld_headers += other.withheld_headers;
        self.forwarded_bodies += other.forwarded_bodies;
        self.unknown_hashes += other.unknown_hashes;
        self.refused_hashes += other.refused_hashes;
        self.redirects += other.redirects;
    }
}
