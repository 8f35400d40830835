//! What was odd about responses that are no failures: counted a row, and shown apart from them.

use serde::{Deserialize, Serialize};

use super::by_row::Merge;

/// Counts of one request, of a row, or of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Requests that were sent once more, because their connection had ended without a response.
    pub sent_again: u64,
    /// Header lines that are not valid and were left out.
    pub ignored_lines: u64,
    /// Bodies that ended with a TLS connection that was not closed as TLS asks for, so that nobody can tell whether
    /// they are complete.
    pub unclosed: u64,
    /// Responses whose `Content-Encoding` is not known, so that their body is counted as it came.
    pub unknown_codings: u64,
    /// Redirects to another origin along which headers were left out that may prove who somebody is.
    pub withheld_headers: u64,
    /// Redirects along which a body went to another origin.
    pub forwarded_bodies: u64,
}

impl Remarks {
    /// True when there is nothing to remark.
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
    }
}
