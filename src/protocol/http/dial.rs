//! How a connection is opened: TCP, a proxy, TLS.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::encode::OWN_USER_AGENT;
use super::error::WireError;
use super::h1::head::{self, MAX_HEAD};
use super::settings::{Proxy, Settings};
use super::stream::Stream;
use crate::protocol::net::address::{host_and_port, split_authority};
use crate::protocol::net::dial::tcp;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{ClientId, HttpVersion};
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// Where a connection leads. A request goes over a connection of its own origin only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `https`.
    pub secure: bool,
    /// `host:port`, without the port where it is the scheme's own.
    pub authority: &'a str,
    /// Whose settings it was opened with; `None` where they make no difference.
    pub settings: Option<ClientId>,
}

impl<'a> Origin<'a> {
    /// Host without brackets, and port.
    pub fn place(&self) -> (&'a str, u16) {
        split_authority(self.authority, if self.secure { 443 } else { 80 })
    }
}

/// Opens connections with one set of settings.
#[derive(Debug, Clone, Copy)]
pub struct Dialer<'a> {
    /// TLS and versions.
    pub settings: &'a Settings,
    /// What stands between.
    pub proxy: Option<&'a Proxy>,
    /// Knows the addresses of names.
    pub resolver: &'a CachingResolver,
}

/// An open connection, and whether HTTP/2 is spoken on it.
pub struct Dialled {
    /// Open as far as the server itself.
    pub stream: Stream,
    /// Agreed by TLS, or known before.
    pub is_h2: bool,
    /// How long the server's TLS took, if there is any.
    pub tls: Option<Duration>,
}

impl Dialer<'_> {
    /// Connects for requests that may be of any version that the settings allow.
    pub async fn open(self, origin: &Origin<'_>) -> Result<Dialled, WireError> {
        let only_h2 = self.settings.options.http_version == HttpVersion::Two;
        let stream = self.reach(origin, only_h2).await?;
        if !origin.secure {
            return Ok(Dialled { stream, is_h2: only_h2, tls: None });
        }
        let (host, _) = origin.place();
        let started = Instant::now();
        let (stream, is_h2) = secure(stream, host, &self.settings.tls).await?;
        let tls = Some(started.elapsed());
        if only_h2 && !is_h2 {
            return Err(WireError::Known(Reason::Other("the server does not speak HTTP/2 (http_version: 2)".into())));
        }
        Ok(Dialled { stream, is_h2, tls })
    }

    /// As far as the server, but for its TLS: straight, through a proxy's tunnel, or as far as a proxy that forwards.
    async fn reach(self, origin: &Origin<'_>, only_h2: bool) -> Result<Stream, WireError> {
        let (host, port) = origin.place();
        let Some(proxy) = self.proxy else { return Ok(Stream::Plain(tcp(host, port, self.resolver).await?)) };
        let mut stream = self.as_far_as(proxy).await.map_err(|error| blaming(proxy, &error))?;
        // A proxy forwards HTTP/1.1.
        if origin.secure || only_h2 {
            tunnel(&mut stream, &host_and_port(host, port), proxy.forward.credentials.as_ref()).await?;
        }
        Ok(stream)
    }

    async fn as_far_as(self, proxy: &Proxy) -> Result<Stream, WireError> {
        let stream = Stream::Plain(tcp(&proxy.host, proxy.port, self.resolver).await?);
        Ok(if proxy.secure { secure(stream, &proxy.host, &self.settings.tls_h1).await?.0 } else { stream })
    }
}

/// A failure of the proxy, which must not be taken for one of the server.
fn blaming(proxy: &Proxy, error: &WireError) -> WireError {
    let place = host_and_port(&proxy.host, proxy.port);
    WireError::Known(match error.reason(&Redactor::default()) {
        Reason::Generator(why) => Reason::Generator(why),
        Reason::ConnectionRefused => Reason::Network(format!("the proxy {place} refused the connection").into()),
        reason => Reason::Network(format!("the proxy {place}: {reason}").into()),
    })
}

/// Puts TLS over a stream; true where it has agreed on HTTP/2.
async fn secure(stream: Stream, host: &str, tls: &Arc<rustls::ClientConfig>) -> Result<(Stream, bool), WireError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| WireError::Known(Reason::Tls("no certificate can be for the name of this host".into())))?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok((Stream::Tls(Box::new(stream)), is_h2))
}

/// Asks a proxy for a connection to `authority`.
async fn tunnel(
    stream: &mut Stream,
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
        407 => ": it wants a user name and password, or others than those of `proxy`",
        _ => "",
    };
    Err(WireError::Known(Reason::Other(format!("the proxy refused the connection: {}{why}", status.trim_end()).into())))
}

/// Reads a head and not a byte more: what follows is for somebody else.
async fn read_head(stream: &mut Stream) -> Result<(head::Head, Vec<u8>), WireError> {
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
        if let Some(head::Parsed { head, .. }) = head::parse(&bytes, true)? {
            if !matches!(head.status, 100..=199) || head.status == 101 {
                return Ok((head, bytes));
            }
            // An interim response: the real one follows.
            bytes.clear();
        }
    }
}
