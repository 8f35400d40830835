//! The byte stream of a connection: TCP, TLS or a Unix socket.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::RedisError;
use super::resp::Inbox;
use crate::protocol::net::dial::tcp;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::ServerAddress;

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
    /// A Unix socket.
    Unix(UnixStream),
}

/// The stream as the traits of tokio see it.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

impl RedisStream {
    /// Connects to the first address of the server that accepts. Also returns the duration of the TLS handshake, if
    /// any.
    ///
    /// # Errors
    /// When no address accepts, or the TLS handshake fails.
    pub async fn open(
        server: &ServerAddress,
        resolver: &CachingResolver,
        tls: Option<&Arc<rustls::ClientConfig>>,
    ) -> Result<(Self, Option<Duration>), RedisError> {
        let (host, port) = match server {
            ServerAddress::Unix(path) => return Ok((RedisStream::Unix(UnixStream::connect(&**path).await?), None)),
            ServerAddress::Tcp { host, port } => (host, *port),
        };
        let tcp = tcp(host, port, resolver).await?;
        let Some(tls) = tls else { return Ok((RedisStream::Plain(tcp), None)) };
        let name = ServerName::try_from(host.to_string())
            .map_err(|_| RedisError::Io(io::Error::other("the host name is not valid in a certificate")))?;
        let started = Instant::now();
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?;
        Ok((RedisStream::Tls(Box::new(stream)), Some(started.elapsed())))
    }

    fn duplex(&mut self) -> Pin<&mut dyn Duplex> {
        match self {
            RedisStream::Plain(stream) => Pin::new(stream),
            RedisStream::Tls(stream) => Pin::new(&mut **stream),
            RedisStream::Unix(stream) => Pin::new(stream),
        }
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.duplex();
        stream.write_all(bytes).await?;
        // Only TLS has something to flush.
        stream.flush().await
    }

    /// Bytes waiting in the socket buffer; 0 if unknown.
    pub fn unread(&self) -> u64 {
        let waiting = match self {
            RedisStream::Plain(stream) => rustix::io::ioctl_fionread(stream),
            RedisStream::Tls(stream) => rustix::io::ioctl_fionread(stream.get_ref().0),
            RedisStream::Unix(stream) => rustix::io::ioctl_fionread(stream),
        };
        waiting.unwrap_or(0)
    }

    /// Waits for bytes and appends them to the inbox; returns their number. Cancel safe.
    ///
    /// # Errors
    /// When the connection is broken or closed.
    pub async fn receive(&mut self, inbox: &mut Inbox) -> Result<usize, RedisError> {
        match poll_fn(|context| self.poll_receive(context, inbox)).await? {
            0 => Err(RedisError::Closed),
            count => Ok(count),
        }
    }

    /// Like [`receive`](Self::receive), but 0 at the end of the stream.
    fn poll_receive(&mut self, context: &mut Context<'_>, inbox: &mut Inbox) -> Poll<io::Result<usize>> {
        READ_BUFFER.with_borrow_mut(|incoming| {
            let mut buffer = ReadBuf::new(incoming);
            ready!(self.duplex().poll_read(context, &mut buffer))?;
            inbox.push(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }
}
