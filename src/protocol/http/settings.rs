//! What the HTTP clients of all users share: connection settings, resolver, secrets.

use std::sync::Arc;

use http::HeaderValue;

use super::encode;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{ClientId, ClientOptions};
use crate::scenario::secrets::Redactor;

/// State shared by all users of a run.
#[derive(Debug)]
pub struct HttpShared {
    /// Indexed by [`ClientId`].
    pub clients: Vec<ConnectionSettings>,
    pub resolver: Arc<CachingResolver>,
    /// Masks the secrets of the scenario.
    pub secrets: Arc<Redactor>,
    /// The first half of all trace ids, if requests have trace headers.
    pub traces: Option<u64>,
}

impl HttpShared {
    /// The settings of this client id.
    pub fn client(&self, id: ClientId) -> &ConnectionSettings {
        &self.clients[id.0 as usize]
    }
}

/// How connections are opened, prepared from the options of the plan.
#[derive(Debug)]
pub struct ConnectionSettings {
    pub options: ClientOptions,
    /// Offers the HTTP versions that the options allow.
    pub tls: Arc<rustls::ClientConfig>,
    /// Offers HTTP/1.1 only: for proxies and WebSockets.
    pub tls_h1: Arc<rustls::ClientConfig>,
    /// The proxies for `http` and `https`.
    proxies: [Option<Proxy>; 2],
}

/// A proxy URL, parsed.
#[derive(Debug)]
pub struct Proxy {
    /// Whether the connection to the proxy is encrypted (`https`).
    pub secure: bool,
    /// Host name or address, without brackets.
    pub host: String,
    pub port: u16,
    /// What it adds to requests that it forwards.
    pub forward: encode::Proxied,
}

impl ConnectionSettings {
    /// Prepares connections with these options.
    pub fn new(options: ClientOptions, tls: rustls::ClientConfig) -> Self {
        let mut tls_h1 = tls.clone();
        // Offered both, servers choose HTTP/2.
        tls_h1.alpn_protocols = vec![b"http/1.1".to_vec()];
        let proxies = [&options.proxy.http, &options.proxy.https].map(|url| Proxy::of(url.as_ref()?));
        Self { options, tls: Arc::new(tls), tls_h1: Arc::new(tls_h1), proxies }
    }

    /// The proxy for requests to this host (without brackets).
    pub fn proxy(&self, secure: bool, host: &str, port: u16) -> Option<&Proxy> {
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
