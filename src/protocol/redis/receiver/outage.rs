//! A connection of a subscriber that broke.

use std::time::Instant;

use crate::protocol::redis::error::WireError;

/// A connection that broke and has not been reported yet.
pub(super) struct Outage {
    pub(super) since: Instant,
    pub(super) error: WireError,
}
