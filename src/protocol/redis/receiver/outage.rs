//! Outages of a subscriber's connection.

use std::time::Instant;

use crate::protocol::redis::error::RedisError;

/// A broken connection that has not been reported yet.
pub(super) struct Outage {
    pub(super) since: Instant,
    pub(super) error: RedisError,
}
