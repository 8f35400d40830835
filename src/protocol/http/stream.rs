//! The bytes of one connection: as they are, or through TLS, or through TLS inside the TLS of a proxy.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// An open connection.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over another stream; boxed because its state is large, and plain connections are many.
    Tls(Box<TlsStream<Stream>>),
}

impl Stream {
    /// False when the server has closed the connection, or has sent something that nobody asked for.
    pub fn is_idle(&mut self) -> bool {
        let mut byte = [0];
        // Without news from the system this asks nothing of it. Of TLS, only what is not data is read in passing.
        let read = Pin::new(self).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte));
        read.is_pending()
    }

    /// True when the server has closed the connection, asked of the system itself: what it told last may be old.
    pub fn is_closed(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Stream::Plain(stream) => {
                use rustix::event::{PollFd, PollFlags, Timespec, poll};
                let mut socket = [PollFd::new(stream, PollFlags::RDHUP)];
                let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
                poll(&mut socket, Some(&at_once)).is_ok_and(|ready| ready > 0)
            }
            #[cfg(not(target_os = "linux"))]
            Stream::Plain(_) => false,
            Stream::Tls(stream) => stream.get_ref().0.is_closed(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}
