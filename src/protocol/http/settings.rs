//! What the HTTP clients of all users share, and how connections are opened.

use std::sync::Arc;

use http::HeaderValue;

use super::encode;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{ClientId, ClientOptions};
use crate::scenario::secrets::Redactor;

/// What all users of a run share.
#[derive(Debug)]
pub struct Shared {
    /// Indexed by [`ClientId`].
    pub clients: Vec<Settings>,
    pub resolver: Arc<CachingResolver>,
    /// What the scenario keeps secret.
    pub secrets: Arc<Redactor>,
}

impl Shared {
    /// The settings with this id.
    pub fn client(&self, id: ClientId) -> &Settings {
        &self.clients[id.0 as usize]
    }
}

/// How connections are opened, made ready once from what the plan says.
#[derive(Debug)]
pub struct Settings {
    /// What the plan says.
    pub options: ClientOptions,
    /// Offers the versions of HTTP that may be spoken.
    pub tls: Arc<rustls::ClientConfig>,
    /// Offers HTTP/1.1 alone: to proxies, and for WebSockets.
    pub tls_h1: Arc<rustls::ClientConfig>,
    /// For `http`, and for `https`.
    proxies: [Option<Proxy>; 2],
}

/// A proxy, in parts.
#[derive(Debug)]
pub struct Proxy {
    /// `https`.
    pub secure: bool,
    /// Name or number of the machine, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it needs of a request that it forwards.
    pub forward: encode::Proxied,
}

impl Settings {
    /// Ready to open connections with these options.
    pub fn new(options: ClientOptions, tls: rustls::ClientConfig) -> Self {
        let mut tls_h1 = tls.clone();
        // A server that may choose HTTP/2 does.
        tls_h1.alpn_protocols = vec![b"http/1.1".to_vec()];
        let proxies = [&options.proxy.http, &options.proxy.https].map(|url| Proxy::of(url.as_ref()?));
        Self { options, tls: Arc::new(tls), tls_h1: Arc::new(tls_h1), proxies }
    }

    /// The proxy for requests to this host, which has no brackets.
    pub fn proxy(&self, secure: bool, (host, port): (&str, u16)) -> Option<&Proxy> {
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
