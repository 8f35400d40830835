//! One attempt of the receiver to connect and listen.

use std::time::Instant;

/// An attempt to connect and listen.
pub(super) struct Attempt {
    pub(super) started: Instant,
    /// Whether the connection was opened.
    pub(super) was_open: bool,
    /// Whether any subscription was confirmed on it.
    pub(super) was_confirmed: bool,
}
