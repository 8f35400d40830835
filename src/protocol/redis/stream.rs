//! The byte stream of a connection, with or without TLS.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::RedisError;
use super::resp::Inbox;
use crate::protocol::net::dial::tcp;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::Address;

thread_local! {
    /// Read buffer, emptied after each read, so that all connections of a thread share one.
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// An open connection.
#[derive(Debug)]
pub enum RedisStream {
    /// TCP.
    Plain(TcpStream),
    /// Encrypted; boxed because its state is large and TLS is rare.
    Tls(Box<TlsStream<TcpStream>>),
}

impl RedisStream {
    /// Connects to the first address of the server that accepts. Also returns the duration of the TLS handshake, if
    /// any.
    ///
    /// # Errors
    /// When no address accepts, or the TLS handshake fails.
    pub async fn open(
        address: &Address,
        resolver: &CachingResolver,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<(Self, Option<Duration>), RedisError> {
        let tcp = tcp(&address.host, address.port, resolver).await?;
        if !address.tls {
            return Ok((RedisStream::Plain(tcp), None));
        }
        let name = ServerName::try_from(address.host.to_string())
            .map_err(|_| RedisError::Io(io::Error::other("the host name is not valid in a certificate")))?;
        let started = Instant::now();
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?;
        Ok((RedisStream::Tls(Box::new(stream)), Some(started.elapsed())))
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            RedisStream::Plain(stream) => stream.write_all(bytes).await,
            RedisStream::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// Bytes waiting in the socket buffer; 0 if unknown.
    pub fn unread(&self) -> u64 {
        let tcp = match self {
            RedisStream::Plain(stream) => stream,
            RedisStream::Tls(stream) => stream.get_ref().0,
        };
        waiting(tcp)
    }

    /// Waits for bytes and appends them to the inbox; returns their number. Cancel safe.
    ///
    /// # Errors
    /// When the connection is broken or closed.
    pub async fn receive(&mut self, inbox: &mut Inbox) -> Result<usize, RedisError> {
        poll_fn(|context| self.poll_receive(context, inbox)).await
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, inbox: &mut Inbox) -> Poll<Result<usize, RedisError>> {
        READ_BUFFER.with_borrow_mut(|incoming| {
            let mut buffer = ReadBuf::new(incoming);
            let read = match self {
                RedisStream::Plain(stream) => Pin::new(stream).poll_read(context, &mut buffer),
                RedisStream::Tls(stream) => Pin::new(&mut **stream).poll_read(context, &mut buffer),
            };
            ready!(read)?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(RedisError::Closed));
            }
            inbox.push(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }
}

fn waiting(tcp: &TcpStream) -> u64 {
    rustix::io::ioctl_fionread(tcp).unwrap_or(0)
}
