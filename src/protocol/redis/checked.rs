//! The stream that the `redis` crate reads from: it passes on complete responses only, each within our bounds, because
//! the crate itself would hold whatever a server announces.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::resp::FormatError;
use super::socket::RedisSocket;

/// Maximum bytes of all responses of a round trip: each is limited too.
const MAX_TRIP: u64 = 64 * 1024 * 1024;

/// What has passed a [`CheckedStream`].
#[derive(Debug, Default)]
pub struct Passed {
    /// Bytes of responses since the last [`restart`](Self::restart).
    bytes: AtomicU64,
    /// Why the stream ended, if a response was out of bounds.
    error: OnceLock<FormatError>,
}

impl Passed {
    /// Counts from 0 again.
    pub fn restart(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Bytes of responses.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why the stream ended, if a response was out of bounds.
    pub fn error(&self) -> Option<&FormatError> {
        self.error.get()
    }

    fn fail(&self, error: FormatError) -> io::Error {
        let text = error.to_string();
        // The first error is the cause.
        let _ = self.error.set(error);
        io::Error::new(io::ErrorKind::InvalidData, text)
    }
}

/// A socket for the `redis` crate.
#[derive(Debug)]
pub struct CheckedStream {
    socket: RedisSocket,
    passed: Arc<Passed>,
}

impl CheckedStream {
    /// For an authenticated socket, on which no response is pending.
    pub fn new(socket: RedisSocket) -> (Self, Arc<Passed>) {
        let passed = Arc::<Passed>::default();
        (Self { socket, passed: Arc::clone(&passed) }, passed)
    }
}

impl AsyncRead for CheckedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { socket, passed } = self.get_mut();
        loop {
            let complete = socket.inbox.complete().map_err(|error| passed.fail(error))?;
            let count = complete.len().min(out.remaining());
            if count > 0 {
                out.put_slice(&complete[..count]);
                socket.inbox.take(count);
                let before = passed.bytes.fetch_add(count as u64, Ordering::Relaxed);
                return if before + count as u64 > MAX_TRIP {
                    Poll::Ready(Err(passed.fail(FormatError::TooMuch)))
                } else {
                    Poll::Ready(Ok(()))
                };
            }
            if ready!(socket.stream.poll_receive(context, &mut socket.inbox))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for CheckedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().socket.stream.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.stream.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.stream.poll_shutdown(context)
    }
}
