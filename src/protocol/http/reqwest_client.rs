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
use crate::protocol::net::reason::{chain, io_reason, tls_words};
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
        if let Some(why) = tunnel_words(&deepest) {
            Reason::Other(why.into())
        } else if error.is_decode() || error.is_body() {
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
            Some(Reason::Malformed(parse_words(&error.to_string()).into()))
        } else {
            None
        };
    }
    io_reason(cause.downcast_ref::<io::Error>()?)
}

/// What is wrong in a response, in the words of this program: the library has no other way to tell than its message.
fn parse_words(message: &str) -> &'static str {
    match message {
        SPOKE_FIRST => "the server sends before it is asked, so it does not speak HTTP",
        text if text.contains("HTTP version") => "it does not start like one of HTTP",
        text if text.contains("status") => "invalid status line",
        text if text.contains("content-length") => "invalid content-length",
        text if text.contains("transfer-encoding") => "unknown transfer coding",
        text if text.contains("header") => "invalid headers",
        text if text.contains("too large") => "its headers are too long",
        _ => "it is not valid HTTP",
    }
}

/// Why a proxy opened no tunnel; `None` for other errors.
fn tunnel_words(message: &str) -> Option<&'static str> {
    Some(match message.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => {
            "the proxy requires a user name and password; those in its URL are missing or wrong"
        }
        "unexpected end of file" => "the proxy closed the connection without a response",
        "proxy response headers too long" => "the headers of the proxy's response are too long",
        _ => "the proxy refused the connection",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a request to a server with this response fails, directly or through it as a proxy.
    fn failure(response: &'static [u8], is_proxy: bool) -> String {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(response);
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tls = crate::protocol::net::tls::of(&crate::scenario::plan::ClientOptions::default()).unwrap();
        let builder = Client::builder().use_preconfigured_tls(tls).no_proxy();
        let (builder, wanted) = match is_proxy {
            true => (builder.proxy(reqwest::Proxy::all(&url).unwrap()), "https://shop.test/".to_owned()),
            false => (builder, url),
        };
        let client = builder.build().unwrap();
        let error = runtime.block_on(client.get(wanted).send()).unwrap_err();
        reason(&error, &Redactor::default()).to_string()
    }

    #[test]
    fn responses_that_are_not_http_have_plain_reasons() {
        for (response, words) in [
            (&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], "malformed response: it does not start like one of HTTP"),
            (b"HTTP/1.1 x OK\r\n\r\n", "malformed response: invalid status line"),
            (b"HTTP/1.1 200 OK\r\na b c\r\n\r\n", "malformed response: invalid headers"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "malformed response: invalid content-length"),
        ] {
            assert_eq!(failure(response, false), words, "{}", String::from_utf8_lossy(response));
        }
        for (response, words) in [
            (&b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"[..], "the proxy refused the connection"),
            (b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "the proxy requires a user name and password"),
            (b"", "the proxy closed the connection without a response"),
        ] {
            let found = failure(response, true);
            assert!(found.starts_with(words), "{found}");
        }
    }
}
