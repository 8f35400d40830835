//! The client that opens connections for other protocols, such as WebSockets.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::connect::ConnectClock;
use super::cookies::Jar;
use super::encode::OWN_USER_AGENT;
use super::settings::HttpShared;
use crate::protocol::net::reason::{chain, fold, io_reason, tls_words};
use crate::protocol::net::resolve::ResolveError;
use crate::scenario::plan::{ClientId, Proxies};
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// What the library says of a server that sends before it is asked, such as SSH. It has no other way to tell.
const SPOKE_FIRST: &str = "received unexpected message from connection";

/// Converts proxy settings to those of the HTTP library.
pub fn proxies(proxies: &Proxies) -> reqwest::Proxy {
    let proxies = proxies.clone();
    reqwest::Proxy::custom(move |url| {
        let host = url.host_str()?.trim_matches(['[', ']']);
        let proxy = if url.scheme() == "https" { &proxies.https } else { &proxies.http };
        proxy.clone().filter(|_| !proxies.excepts(host, url.port_or_known_default().unwrap_or_default()))
    })
}

/// A user's client for one set of options.
#[derive(Debug)]
pub struct ReqwestClient {
    pub id: ClientId,
    client: Client,
    connecting: ConnectClock,
}

impl reqwest::cookie::CookieStore for Jar {
    fn set_cookies(&self, lines: &mut dyn Iterator<Item = &http::HeaderValue>, url: &reqwest::Url) {
        self.set(lines.map(http::HeaderValue::as_bytes), url.as_str());
    }

    fn cookies(&self, url: &reqwest::Url) -> Option<http::HeaderValue> {
        self.header(url.as_str())
    }
}

impl ReqwestClient {
    /// A client without connections that shares the user's cookies. Each request opens a new HTTP/1.1 connection.
    pub fn websocket_client(shared: &HttpShared, id: ClientId, jar: Arc<Jar>) -> reqwest::Result<Self> {
        let connecting = ConnectClock::default();
        let settings = shared.client(id);
        let mut builder = Client::builder()
            .tls_backend_preconfigured((*settings.tls_h1).clone())
            .dns_resolver(Arc::clone(&shared.resolver))
            .connector_layer(connecting.clone())
            .cookie_provider(jar)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .user_agent(OWN_USER_AGENT)
            .http1_only();
        if !settings.options.proxy.is_none() {
            builder = builder.proxy(proxies(&settings.options.proxy));
        }
        Ok(Self { id, client: builder.build()?, connecting })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The duration of opening the connection that was opened since the last call.
    pub fn connected(&self) -> Option<Duration> {
        self.connecting.take()
    }
}

/// Why a request of the HTTP library failed: the deepest cause that is known.
pub fn reason(error: &reqwest::Error, secrets: &Redactor) -> Reason {
    let mut found = None;
    for cause in chain(error) {
        // The outer errors only name the phase, so the deepest known cause wins.
        found = known(cause).or(found);
    }
    found.unwrap_or_else(|| {
        let deepest = chain(error).last().map_or_else(String::new, ToString::to_string);
        if error.is_decode() || error.is_body() {
            Reason::Malformed(secrets.fold(&deepest))
        } else {
            Reason::Other(secrets.fold(&deepest))
        }
    })
}

fn known(cause: &(dyn Error + 'static)) -> Option<Reason> {
    if let Some(error) = cause.downcast_ref::<ResolveError>() {
        return Some(Reason::Dns(error.0.clone()));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Reason::Tls(tls_words(error)));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Some(Reason::ConnectionClosed)
        } else if error.is_parse() || error.to_string() == SPOKE_FIRST {
            Some(Reason::Malformed(fold(&error.to_string())))
        } else {
            None
        };
    }
    io_reason(cause.downcast_ref::<io::Error>()?)
}
