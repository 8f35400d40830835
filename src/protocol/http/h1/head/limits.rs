//! Limits of a response head.

/// Maximum bytes; the same as curl's.
pub const MAX_HEAD: usize = 300 * 1024;
/// Maximum header lines; the same as curl's.
pub const MAX_LINES: usize = 5_000;
