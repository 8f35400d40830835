//! HTTP/1.1 and HTTP/2: an [`HttpStep`](crate::scenario::plan::HttpStep) becomes a request, its reply an [`Exchange`].
//!
//! A request can also open a WebSocket, which is a [`Socket`].
//!
//! One [`Factory`] a shard holds what is dear to build (TLS configuration, resolver); one [`UserClient`] a user holds
//! that user's connections and cookies. No type of the HTTP library leaves this module.

mod address;
pub(super) mod classify;
mod client;
mod connect;
mod draft;
mod encode;
mod general;
mod judge;
mod lean;
pub(super) mod resolve;
pub(super) mod tls;
mod watch;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

pub use client::{Factory, UserClient};
pub use judge::{Judge, Reply};
pub use tls::TlsError;
pub use watch::{Sent, Sight, Watch};
pub use websocket::{Broken, Received, Socket};

use crate::scenario::plan::{ClientId, ClientOptions};
use crate::stats::{Example, Reason};

/// Redirects followed before a request fails: Locust's number.
const MAX_REDIRECTS: usize = 30;
/// Who we say we are, unless the scenario says otherwise.
const USER_AGENT: &str = concat!("katydid/", env!("CARGO_PKG_VERSION"));

/// What all users of a run share.
#[derive(Debug)]
struct Shared {
    /// Indexed by [`ClientId`].
    clients: Vec<(ClientOptions, rustls::ClientConfig)>,
    resolver: Arc<resolve::CachingResolver>,
}

impl Shared {
    fn client(&self, id: ClientId) -> &(ClientOptions, rustls::ClientConfig) {
        &self.clients[id.0 as usize]
    }
}

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
