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
mod cookies;
mod draft;
mod encode;
mod general;
mod judge;
mod lean;
mod lines;
pub(super) mod resolve;
pub(super) mod tls;
mod watch;
mod websocket;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use general::proxies;

pub use client::{Factory, UserClient};
pub use judge::{Costly, Judge, Reply};
pub use tls::TlsError;
pub use watch::{Sent, Sight, Watch};
pub use websocket::{Broken, Received, Socket};

use http::HeaderValue;

use crate::scenario::plan::{ClientId, ClientOptions};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Redirects followed before a request fails: Locust's number.
const MAX_REDIRECTS: usize = 30;
/// Who we say we are, unless the scenario says otherwise.
const USER_AGENT: &str = concat!("katydid/", env!("CARGO_PKG_VERSION"));

/// What all users of a run share.
#[derive(Debug)]
struct Shared {
    /// Indexed by [`ClientId`].
    clients: Vec<Settings>,
    resolver: Arc<resolve::CachingResolver>,
    /// What the scenario keeps secret.
    secrets: Arc<Redactor>,
}

impl Shared {
    fn client(&self, id: ClientId) -> &Settings {
        &self.clients[id.0 as usize]
    }
}

/// How connections are opened, made ready once from what the plan says.
#[derive(Debug)]
struct Settings {
    options: ClientOptions,
    /// Offers the versions of HTTP that may be spoken.
    tls: Arc<rustls::ClientConfig>,
    /// Offers HTTP/1.1 alone: to proxies, and for WebSockets.
    tls_h1: Arc<rustls::ClientConfig>,
    /// For `http`, and for `https`.
    proxies: [Option<Proxy>; 2],
}

/// A proxy, in parts.
#[derive(Debug)]
struct Proxy {
    /// `https`.
    secure: bool,
    /// Name or number of the machine, without brackets.
    host: String,
    port: u16,
    /// What it needs of a request that it forwards.
    forward: encode::Proxied,
}

impl Settings {
    fn new(options: ClientOptions, tls: rustls::ClientConfig) -> Self {
        let mut tls_h1 = tls.clone();
        // A server that may choose HTTP/2 does.
        tls_h1.alpn_protocols = vec![b"http/1.1".to_vec()];
        let proxies = [&options.proxy.http, &options.proxy.https].map(|url| Proxy::of(url.as_ref()?));
        Self { options, tls: Arc::new(tls), tls_h1: Arc::new(tls_h1), proxies }
    }

    /// The proxy for requests to this host, which has no brackets.
    fn proxy(&self, secure: bool, (host, port): (&str, u16)) -> Option<&Proxy> {
        self.proxies[usize::from(secure)].as_ref().filter(|_| !self.options.proxy.excepts(host, port))
    }
}

impl Proxy {
    fn of(url: &url::Url) -> Option<Self> {
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let userinfo = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(format!("{user}:{}", password.unwrap_or_default())),
        };
        let credentials = userinfo.and_then(|userinfo| HeaderValue::try_from(encode::basic(&userinfo)).ok());
        let forward = encode::Proxied { credentials };
        Some(Self { secure: url.scheme() == "https", host, port: url.port_or_known_default()?, forward })
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

/// A request under way. What comes is noted here at once and in place: the rest may never come, and a response is large
/// to be handed on from function to function.
#[derive(Debug)]
pub struct Transfer {
    /// When it was sent first.
    started: Instant,
    /// What is measured.
    pub exchange: Exchange,
    /// The response, once it is whole.
    pub reply: Option<Reply>,
}

impl Transfer {
    /// One that begins now.
    pub fn begin() -> Self {
        let exchange = Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
        Self { started: Instant::now(), exchange, reply: None }
    }
}
