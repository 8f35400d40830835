//! Connection settings of requests.

use std::sync::Arc;

use super::proxy::Proxies;

/// An index into [`Plan::clients`](super::Plan::clients).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u32);

/// Settings of a user's connections. A user has one client (connections and cookies) for each setting that it uses,
/// created when it is first needed; cookies are shared between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientOptions {
    /// Follow redirects, up to 30 as in Locust; otherwise a 3xx is the response.
    pub follow_redirects: bool,
    /// PEM text of certificates trusted instead of the system's.
    pub ca: Option<Arc<[u8]>>,
    /// Client certificate and key.
    pub identity: Option<Identity>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Proxies (`http` or `https`; user name and password in the URL).
    pub proxy: Proxies,
    /// Allowed HTTP versions.
    pub http_version: HttpVersion,
    /// Reuse of connections.
    pub connections: Connections,
}

impl ClientOptions {
    /// True if our own HTTP/1.1 client can be used for requests without TLS.
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
    /// Private keys are not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// `http_version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/2 if negotiated with TLS, otherwise HTTP/1.1.
    Any,
    /// HTTP/1.1 only.
    One,
    /// HTTP/2 only; without TLS by prior knowledge.
    Two,
}

/// `connections`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connections {
    /// Connections are kept, as in browsers and Locust.
    PerUser,
    /// A new connection per request.
    PerRequest,
}
