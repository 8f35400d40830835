//! Opens connections: TCP, proxy, TLS.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::encode::OWN_USER_AGENT;
use super::error::WireError;
use super::h1::head::{self, MAX_HEAD};
use super::settings::{ConnectionSettings, Proxy};
use super::stream::HttpStream;
use crate::protocol::net::address::{host_and_port, split_authority};
use crate::protocol::net::dial::tcp;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{ClientId, HttpVersion};
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// The server at the end of a connection. A connection is reused only for requests with the same origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    pub secure: bool,
    /// `host:port`, without the port if it is the default of the scheme.
    pub authority: &'a str,
    /// The settings it was opened with; `None` if they make no difference.
    pub settings: Option<ClientId>,
}

impl<'a> Origin<'a> {
    /// The host, without brackets, and the port.
    pub fn host_port(&self) -> (&'a str, u16) {
        split_authority(self.authority, if self.secure { 443 } else { 80 })
    }
}

/// Opens connections with one group of settings.
#[derive(Debug, Clone, Copy)]
pub struct HttpDialer<'a> {
    pub settings: &'a ConnectionSettings,
    /// The proxy to connect through.
    pub proxy: Option<&'a Proxy>,
    pub resolver: &'a CachingResolver,
}

/// A new connection, and whether it uses HTTP/2.
pub struct NewConnection {
    /// Encrypted, if the origin is `https`.
    pub stream: HttpStream,
    /// Negotiated in the TLS handshake, or set by `http_version`.
    pub is_h2: bool,
    /// Duration of the TLS handshake with the server, if there was one.
    pub tls: Option<Duration>,
}

impl HttpDialer<'_> {
    /// Connects, and negotiates a version of HTTP that the settings allow.
    pub async fn open(self, origin: &Origin<'_>) -> Result<NewConnection, WireError> {
        let only_h2 = self.settings.options.http_version == HttpVersion::Two;
        let stream = self.reach(origin, only_h2).await?;
        if !origin.secure {
            return Ok(NewConnection { stream, is_h2: only_h2, tls: None });
        }
        let (host, _) = origin.host_port();
        let started = Instant::now();
        let (stream, is_h2) = secure(stream, host, &self.settings.tls).await?;
        let tls = Some(started.elapsed());
        if only_h2 && !is_h2 {
            return Err(WireError::Known(Reason::Other("the server does not support HTTP/2 (http_version: 2)".into())));
        }
        Ok(NewConnection { stream, is_h2, tls })
    }

    /// Connects to the server without its TLS: directly, through a proxy's tunnel, or to a proxy that forwards
    /// requests.
    async fn reach(self, origin: &Origin<'_>, only_h2: bool) -> Result<HttpStream, WireError> {
        let (host, port) = origin.host_port();
        let Some(proxy) = self.proxy else { return Ok(HttpStream::Plain(tcp(host, port, self.resolver).await?)) };
        let mut stream = self.connect_to_proxy(proxy).await.map_err(|error| proxy_error(proxy, &error))?;
        // Proxies forward HTTP/1.1 only.
        if origin.secure || only_h2 {
            tunnel(&mut stream, &host_and_port(host, port), proxy.forward.credentials.as_ref()).await?;
        }
        Ok(stream)
    }

    async fn connect_to_proxy(self, proxy: &Proxy) -> Result<HttpStream, WireError> {
        let stream = HttpStream::Plain(tcp(&proxy.host, proxy.port, self.resolver).await?);
        Ok(if proxy.secure { secure(stream, &proxy.host, &self.settings.tls_h1).await?.0 } else { stream })
    }
}

/// Rewords an error of the proxy, so that it is not mistaken for one of the server.
fn proxy_error(proxy: &Proxy, error: &WireError) -> WireError {
    let address = host_and_port(&proxy.host, proxy.port);
    WireError::Known(match error.reason(&Redactor::default()) {
        Reason::Generator(why) => Reason::Generator(why),
        Reason::ConnectionRefused => Reason::Network(format!("the proxy {address} refused the connection").into()),
        reason => Reason::Network(format!("the proxy {address}: {reason}").into()),
    })
}

/// Performs a TLS handshake; returns whether HTTP/2 was negotiated.
async fn secure(
    stream: HttpStream,
    host: &str,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<(HttpStream, bool), WireError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| WireError::Known(Reason::Tls("the host name is not valid in a certificate".into())))?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok((HttpStream::Tls(Box::new(stream)), is_h2))
}

/// Opens a tunnel to `authority` through a proxy.
async fn tunnel(
    stream: &mut HttpStream,
    authority: &str,
    credentials: Option<&http::HeaderValue>,
) -> Result<(), WireError> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: {OWN_USER_AGENT}\r\n");
    if let Some(credentials) = credentials.and_then(|value| value.to_str().ok()) {
        request.extend(["proxy-authorization: ", credentials, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let (head, _) = match read_head(stream).await {
        Err(WireError::Closed) => {
            return Err(WireError::Known(Reason::Other("the proxy closed the connection without a response".into())));
        }
        other => other?,
    };
    if (200..300).contains(&head.status) {
        return Ok(());
    }
    let words = http::StatusCode::from_u16(head.status).ok().and_then(|status| status.canonical_reason());
    let status = format!("{} {}", head.status, words.unwrap_or_default());
    let why = match head.status {
        407 => ": it requires a user name and password; the ones in `proxy` are missing or wrong",
        _ => "",
    };
    Err(WireError::Known(Reason::Other(format!("the proxy refused the connection: {}{why}", status.trim_end()).into())))
}

/// Reads a response head and no byte more: what follows belongs to the tunnelled connection.
async fn read_head(stream: &mut HttpStream) -> Result<(head::Head, Vec<u8>), WireError> {
    let mut bytes = Vec::with_capacity(256);
    loop {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1..) => bytes.extend(byte),
            Ok(0) => return Err(WireError::Closed),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(WireError::Closed),
            Err(error) => return Err(error.into()),
        }
        if bytes.len() > MAX_HEAD {
            return Err(WireError::Malformed("headers longer than 300 KiB".into()));
        }
        if byte != [b'\n'] {
            continue;
        }
        if let Some(head::ParsedHead { head, .. }) = head::parse(&bytes, true)? {
            if !matches!(head.status, 100..=199) || head.status == 101 {
                return Ok((head, bytes));
            }
            // An interim response: the final one follows.
            bytes.clear();
        }
    }
}
