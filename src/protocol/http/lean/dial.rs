//! How a connection is opened: the server's name, TCP, a proxy, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::WireError;
use super::head::{self, MAX_HEAD};
use super::stream::Stream;
use crate::protocol::http::resolve::CachingResolver;
use crate::protocol::http::{Proxy, Settings, USER_AGENT, classify};
use crate::scenario::plan::{ClientId, HttpVersion};
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// How long one address of a server has to answer before the next is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

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
        split(self.authority, if self.secure { 443 } else { 80 })
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
}

impl Dialer<'_> {
    /// Connects for requests that may be of any version that the settings allow.
    pub async fn open(self, origin: &Origin<'_>) -> Result<Dialled, WireError> {
        let only_h2 = self.settings.options.http_version == HttpVersion::Two;
        let stream = self.reach(origin, only_h2).await?;
        if !origin.secure {
            return Ok(Dialled { stream, is_h2: only_h2 });
        }
        let (host, _) = origin.place();
        let (stream, is_h2) = secure(stream, host, &self.settings.tls).await?;
        if only_h2 && !is_h2 {
            return Err(WireError::Known(Reason::Other("the server does not speak HTTP/2 (http_version: 2)".into())));
        }
        Ok(Dialled { stream, is_h2 })
    }

    /// As far as the server, but for its TLS: straight, through a proxy's tunnel, or as far as a proxy that forwards.
    async fn reach(self, origin: &Origin<'_>, only_h2: bool) -> Result<Stream, WireError> {
        let (host, port) = origin.place();
        let Some(proxy) = self.proxy else { return self.tcp(host, port).await.map(Stream::Plain) };
        let mut stream = self.as_far_as(proxy).await.map_err(|error| blaming(proxy, &error))?;
        // A proxy forwards HTTP/1.1.
        if origin.secure || only_h2 {
            tunnel(&mut stream, &classify::place(host, port), proxy.forward.credentials.as_ref()).await?;
        }
        Ok(stream)
    }

    async fn as_far_as(self, proxy: &Proxy) -> Result<Stream, WireError> {
        let stream = Stream::Plain(self.tcp(&proxy.host, proxy.port).await?);
        Ok(if proxy.secure { secure(stream, &proxy.host, &self.settings.tls_h1).await?.0 } else { stream })
    }

    async fn tcp(self, host: &str, port: u16) -> Result<TcpStream, WireError> {
        let stream = match host.parse() {
            Ok(ip) => TcpStream::connect(SocketAddr::new(ip, port)).await,
            Err(_) => {
                let addresses = self.resolver.addresses(host).await?;
                first(addresses.iter().map(|address| SocketAddr::new(address.ip(), port))).await
            }
        };
        let stream = stream.map_err(|error| classify::refused_by(error, host, port))?;
        // A request is one small write that must not wait for more.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// A failure of the proxy, which must not be taken for one of the server.
fn blaming(proxy: &Proxy, error: &WireError) -> WireError {
    let place = classify::place(&proxy.host, proxy.port);
    WireError::Known(match classify::lean(error, &Redactor::default()) {
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
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: {USER_AGENT}\r\n");
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
pub async fn read_head(stream: &mut Stream) -> Result<(head::Head, Vec<u8>), WireError> {
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

/// Host without brackets, and port.
fn split(authority: &str, usual: u16) -> (&str, u16) {
    let (host, port) = match authority.rsplit_once(':') {
        // Without brackets a colon can only stand before the port.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(usual)),
        _ => (authority, usual),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}

/// The first address that answers; each is given a head start before the next.
async fn first(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.peekable();
    let mut attempts = FuturesUnordered::new();
    let mut failed = io::Error::other("the name has no address");
    loop {
        if let Some(address) = addresses.next() {
            attempts.push(TcpStream::connect(address));
        }
        let waits = addresses.peek().is_some();
        let attempt = tokio::select! {
            attempt = attempts.next() => attempt,
            () = tokio::time::sleep(HEAD_START), if waits => continue,
        };
        match attempt {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => failed = error,
            None if waits => {}
            None => return Err(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_split() {
        for (authority, host, port) in [
            ("shop.test", "shop.test", 80),
            ("shop.test:8080", "shop.test", 8080),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]", "::1", 80),
            ("[::1]:81", "::1", 81),
        ] {
            assert_eq!(split(authority, 80), (host, port), "{authority}");
        }
    }
}
