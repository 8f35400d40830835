//! A request under way.

use std::time::{Duration, Instant};

use super::judge::Response;
use crate::protocol::result::Exchange;

/// A request under way. What comes is noted here at once and in place: the rest may never come, and a response is large
/// to be handed on from function to function.
#[derive(Debug)]
pub struct Transfer {
    /// When it was sent first.
    pub(super) started: Instant,
    /// What is measured.
    pub exchange: Exchange,
    /// The response, once it is whole.
    pub reply: Option<Response>,
}

impl Transfer {
    /// One that begins now.
    pub fn begin() -> Self {
        let exchange = Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
        Self { started: Instant::now(), exchange, reply: None }
    }
}
