//! The bytes of one connection, with or without TLS.

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

use super::error::WireError;
use super::resp::Inbox;
use crate::protocol::net::dial::tcp;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::Address;

thread_local! {
    /// What has come is taken out of here at once, so that one buffer serves all connections of a thread.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// An open connection.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted; boxed because its state is large and rare.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects to the first address of the server that answers. Also returns how long TLS took, if it is used.
    ///
    /// # Errors
    /// When none answers, or TLS cannot be agreed on.
    pub async fn open(
        address: &Address,
        resolver: &CachingResolver,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<(Self, Option<Duration>), WireError> {
        let tcp = tcp(&address.host, address.port, resolver).await?;
        if !address.tls {
            return Ok((Stream::Plain(tcp), None));
        }
        let name = ServerName::try_from(address.host.to_string())
            .map_err(|_| WireError::Io(io::Error::other("the host is no name that a certificate can be for")))?;
        let started = Instant::now();
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?;
        Ok((Stream::Tls(Box::new(stream)), Some(started.elapsed())))
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// Bytes that have arrived and wait to be read; 0 where the system does not say.
    pub fn unread(&self) -> u64 {
        let tcp = match self {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        };
        waiting(tcp)
    }

    /// Waits for bytes and puts them into the inbox; returns how many. Nothing is lost when it is dropped half-way.
    ///
    /// # Errors
    /// When the connection is broken or has ended.
    pub async fn receive(&mut self, inbox: &mut Inbox) -> Result<usize, WireError> {
        poll_fn(|context| self.poll_receive(context, inbox)).await
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, inbox: &mut Inbox) -> Poll<Result<usize, WireError>> {
        INCOMING.with_borrow_mut(|incoming| {
            let mut buffer = ReadBuf::new(incoming);
            let read = match self {
                Stream::Plain(stream) => Pin::new(stream).poll_read(context, &mut buffer),
                Stream::Tls(stream) => Pin::new(&mut **stream).poll_read(context, &mut buffer),
            };
            ready!(read)?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(WireError::Closed));
            }
            inbox.push(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }
}

fn waiting(tcp: &TcpStream) -> u64 {
    rustix::io::ioctl_fionread(tcp).unwrap_or(0)
}
