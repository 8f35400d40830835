//! TCP connections by host name or IP address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::reason::refused_by;
use super::resolve::{CachingResolver, ResolveError};

/// Delay before the next address of a host is tried in parallel (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The host name could not be resolved.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// No address accepts the connection.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Connects to `host` (without brackets).
///
/// # Errors
/// When the name cannot be resolved, or none of its addresses accepts the connection.
pub async fn tcp(host: &str, port: u16, resolver: &CachingResolver) -> Result<TcpStream, DialError> {
    let stream = match host.parse() {
        Ok(ip) => TcpStream::connect(SocketAddr::new(ip, port)).await,
        Err(_) => {
            let addresses = resolver.addresses(host).await?;
            first(addresses.iter().map(|address| SocketAddr::new(address.ip(), port))).await
        }
    };
    let stream = stream.map_err(|error| refused_by(error, host, port))?;
    // A request is one small write that must not be delayed by Nagle's algorithm.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The first address that accepts, each being tried [`HEAD_START`] after the one before.
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
