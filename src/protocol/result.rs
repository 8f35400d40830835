//! What came of a step.

use std::time::Duration;

use crate::stats::{Example, Reason};

/// What came of one request.
#[derive(Debug)]
pub struct Exchange {
    /// From the send to the last byte, or to the failure.
    pub service: Duration,
    /// DNS, TCP and TLS, when a connection was opened for it.
    pub connect: Option<Duration>,
    /// From the send to the headers of the reply.
    pub first_byte: Option<Duration>,
    /// Bytes of the body, decompressed.
    pub bytes: u64,
    /// Why it counts as failed, and what came instead.
    pub failure: Option<(Reason, Example)>,
}
