//! The byte stream of a connection: TCP, TLS, or TLS inside the TLS of a proxy.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// An open connection.
#[derive(Debug)]
pub enum HttpStream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over another stream; boxed because its state is large, and most connections are unencrypted.
    Tls(Box<TlsStream<HttpStream>>),
}

impl HttpStream {
    /// False if the server has closed the connection or has sent unexpected data.
    pub fn is_idle(&mut self) -> bool {
        let mut byte = [0];
        // No system call unless the runtime was notified. TLS records without data are processed on the way.
        let read = Pin::new(self).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte));
        read.is_pending()
    }

    /// Whether the server has closed the connection. Asks the system, because the runtime's state may be outdated.
    pub fn is_closed(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            HttpStream::Plain(stream) => {
                use rustix::event::{PollFd, PollFlags, Timespec, poll};
                let mut socket = [PollFd::new(stream, PollFlags::RDHUP)];
                let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
                poll(&mut socket, Some(&at_once)).is_ok_and(|ready| ready > 0)
            }
            #[cfg(not(target_os = "linux"))]
            HttpStream::Plain(_) => false,
            HttpStream::Tls(stream) => stream.get_ref().0.is_closed(),
        }
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            HttpStream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            HttpStream::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            HttpStream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            HttpStream::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            HttpStream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            HttpStream::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            HttpStream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            HttpStream::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}
