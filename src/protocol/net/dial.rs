//! TCP connections to a host, by its name or its number.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::reason::refused_by;
use super::resolve::{CachingResolver, ResolveError};

/// How long one address of a server has to answer before the next is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The host's name has no address.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// No address can be connected to.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Connects to `host`, which has no brackets.
///
/// # Errors
/// When the name has no address, or none of its addresses accepts the connection.
pub async fn tcp(host: &str, port: u16, resolver: &CachingResolver) -> Result<TcpStream, DialError> {
    let stream = match host.parse() {
        Ok(ip) => TcpStream::connect(SocketAddr::new(ip, port)).await,
        Err(_) => {
            let addresses = resolver.addresses(host).await?;
            first(addresses.iter().map(|address| SocketAddr::new(address.ip(), port))).await
        }
    };
    let stream = stream.map_err(|error| refused_by(error, host, port))?;
    // A request is one small write that must not wait for more.
    stream.set_nodelay(true)?;
    Ok(stream)
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
