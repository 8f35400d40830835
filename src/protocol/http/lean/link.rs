//! One open connection to one server, and one request on it at a time.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::WireError;
use super::reply::{Progress, Reply};
use crate::protocol::http::resolve::CachingResolver;

thread_local! {
    /// What has come is taken out of here at once, so that one buffer serves all users of a thread and none has its own.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// How long one address of a server has to answer before the next is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// An open connection.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    authority: Box<str>,
}

/// What came of an exchange that ended in a reply.
#[derive(Debug, Clone, Copy)]
pub struct Exchanged {
    /// When the head of the reply had come.
    pub head_at: Instant,
    /// True when the connection may carry another request, as far as the bytes tell.
    pub clean: bool,
}

/// What came of an exchange that did not.
#[derive(Debug)]
pub struct Broken {
    /// Why.
    pub error: WireError,
    /// True when not a byte of the request has left, so that it may be sent again.
    pub unsent: bool,
}

impl Link {
    /// Connects to `host:port`.
    pub async fn open(authority: &str, resolver: &CachingResolver) -> Result<Self, WireError> {
        let (host, port) = split(authority);
        let stream = match host.parse() {
            Ok(ip) => TcpStream::connect(SocketAddr::new(ip, port)).await?,
            Err(_) => {
                let addresses = resolver.addresses(host).await?;
                first(addresses.iter().map(|address| SocketAddr::new(address.ip(), port))).await?
            }
        };
        // A request is one small write that must not wait for more.
        stream.set_nodelay(true)?;
        Ok(Self { stream, authority: authority.into() })
    }

    /// `host:port` as in URLs.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// False when the server has closed the connection, or has said something that nobody asked for.
    pub fn is_idle(&self) -> bool {
        // Without news from the system this asks nothing of it.
        match self.stream.poll_read_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => true,
            Poll::Ready(Err(_)) => false,
            Poll::Ready(Ok(())) => {
                matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
        }
    }

    /// Sends `request` and reads the reply to its end.
    pub async fn exchange(&mut self, request: &[u8], reply: &mut Reply<'_>) -> Result<Exchanged, Broken> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.write(rest).await {
                Ok(written) => rest = &rest[written..],
                Err(error) if rest.len() == request.len() => return Err(Broken { error: error.into(), unsent: true }),
                // A server may answer "too large" and close before it has read everything: its word comes first.
                Err(error) => {
                    let answer = self.read(reply).await;
                    let none = |_| Broken { error: error.into(), unsent: false };
                    return answer.map(|done| Exchanged { clean: false, ..done }).map_err(none);
                }
            }
        }
        self.read(reply).await.map_err(|error| Broken { error, unsent: false })
    }

    async fn read(&mut self, reply: &mut Reply<'_>) -> Result<Exchanged, WireError> {
        let mut head_at = None;
        loop {
            let done = self.read_on(reply, &mut head_at).await?;
            reply.catch_up().await?;
            if let Some(exchanged) = done {
                return Ok(exchanged);
            }
        }
    }

    /// Reads to the end of the response, or until it is behind with what has come.
    async fn read_on(
        &mut self,
        reply: &mut Reply<'_>,
        head_at: &mut Option<Instant>,
    ) -> Result<Option<Exchanged>, WireError> {
        poll_fn(|context| {
            INCOMING.with_borrow_mut(|incoming| {
                loop {
                    let mut buffer = ReadBuf::new(incoming);
                    ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
                    let data = buffer.filled();
                    let progress = match data {
                        [] => Progress::Done { excess: true },
                        _ => reply.feed(data)?,
                    };
                    if head_at.is_none() && reply.has_head() {
                        *head_at = Some(Instant::now());
                    }
                    if let Progress::Done { excess } = progress {
                        let head_at = head_at.unwrap_or_else(Instant::now);
                        return Poll::Ready(Ok(Some(Exchanged { head_at, clean: !excess })));
                    }
                    if reply.is_behind() {
                        return Poll::Ready(Ok(None));
                    }
                }
            })
        })
        .await
    }
}

/// Host without brackets, and port.
fn split(authority: &str) -> (&str, u16) {
    let (host, port) = match authority.rsplit_once(':') {
        // Without brackets a colon can only stand before the port.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(80)),
        _ => (authority, 80),
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
            assert_eq!(split(authority), (host, port), "{authority}");
        }
    }
}
