//! How requests are carried: what differs between connections rather than between requests.

use std::sync::Arc;

use super::proxy::Proxies;

/// An index into [`Plan::clients`](super::Plan::clients).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u32);

/// Settings of a user's connections. A user keeps one client (connections and cookies) for each of these that it uses,
/// made when it is first needed; cookies are shared between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientOptions {
    /// Follow redirects, up to Locust's 30; else a 3xx is the response.
    pub follow_redirects: bool,
    /// PEM text of certificates that are trusted instead of the system's.
    pub ca: Option<Arc<[u8]>>,
    /// The client's own certificate and key.
    pub identity: Option<Identity>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Send through these proxies (`http` or `https`; user and password in the URL).
    pub proxy: Proxies,
    /// Which versions may be spoken.
    pub http_version: HttpVersion,
    /// How long a connection lives.
    pub connections: Connections,
}

impl ClientOptions {
    /// True when HTTP/1.1 on connections of our own is all that requests without TLS need.
    pub fn is_plain(&self) -> bool {
        self.proxy.is_none() && self.http_version != HttpVersion::Two
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            follow_redirects: true,
            ca: None,
            identity: None,
            insecure: false,
            proxy: Proxies::default(),
            http_version: HttpVersion::Any,
            connections: Connections::PerUser,
        }
    }
}

/// A client certificate.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// PEM text of the chain.
    pub certificate: Arc<[u8]>,
    /// PEM text of the private key.
    pub key: Arc<[u8]>,
}

impl std::fmt::Debug for Identity {
    /// A private key is never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// `http_version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    Any,
    /// HTTP/1.1 only.
    One,
    /// HTTP/2 only; without TLS by prior knowledge.
    Two,
}

/// `connections`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connections {
    /// A user keeps its connections, as a browser and Locust do.
    PerUser,
    /// Every request opens a new connection and closes it.
    PerRequest,
}
