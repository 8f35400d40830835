//! How long a head may be.

/// Bytes of a head, at most, as with curl; a server that sends more is refused, not remembered.
pub const MAX_HEAD: usize = 300 * 1024;
/// Header lines of a head, at most, as with curl.
pub const MAX_LINES: usize = 5_000;
