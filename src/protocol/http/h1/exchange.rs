//! Sends a request over HTTP/1.1 and reads its response.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::reader::{ReadProgress, ResponseReader};
use crate::protocol::http::attempt::{ExchangeEnd, FailedExchange, Retry};
use crate::protocol::http::error::WireError;
use crate::protocol::http::stream::HttpStream;

thread_local! {
    /// Read buffer, emptied after each read, so that all users of a thread share one.
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Sends `request` and reads the whole response. Both happen concurrently: a server may respond before it has read the
/// whole request, or while it reads.
pub async fn exchange(
    stream: &mut HttpStream,
    request: &[u8],
    reader: &mut ResponseReader<'_>,
) -> Result<ExchangeEnd, FailedExchange> {
    let mut exchange_state =
        Exchange { stream, request, sending: Sending::From(0), received_any: false, unclosed: false };
    loop {
        let step = poll_fn(|cx| exchange_state.poll(cx, reader)).await;
        // The last piece may be too large to decompress here, like any other.
        let step = match step {
            // Boxed: rare, and would otherwise grow the future of every user.
            Ok(_) if reader.has_pending_input() => Box::pin(reader.decode_pending()).await.and(step),
            step => step,
        };
        match step {
            Ok(None) => {}
            Ok(Some(clean)) => {
                return Ok(ExchangeEnd { clean, unclosed: exchange_state.unclosed });
            }
            Err(error) => return Err(FailedExchange { retry: exchange_state.retry(&error), error }),
        }
    }
}

/// A request being sent and its response being received.
struct Exchange<'a> {
    stream: &'a mut HttpStream,
    request: &'a [u8],
    sending: Sending,
    /// Whether any byte of a response was received.
    received_any: bool,
    /// Whether TLS ended without `close_notify`.
    unclosed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// Position of the next byte.
    From(usize),
    Done,
    /// The rest cannot be sent; bytes sent so far.
    Failed(usize),
}

impl Exchange<'_> {
    /// Resolves to whether the connection can be reused; to `None` if received data has to be decompressed elsewhere
    /// first.
    fn poll(&mut self, cx: &mut Context<'_>, reader: &mut ResponseReader<'_>) -> Poll<Result<Option<bool>, WireError>> {
        if let Sending::From(at) = self.sending {
            self.send(at, cx);
        }
        READ_BUFFER.with_borrow_mut(|incoming| {
            loop {
                let mut buffer = ReadBuf::new(incoming);
                match ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut buffer)) {
                    Ok(()) => {}
                    // The head of the response decides whether the body is complete.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.unclosed = true,
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
                let data = buffer.filled();
                if data.is_empty() {
                    return Poll::Ready(match self.received_any {
                        true if reader.may_end() => Ok(Some(false)),
                        true => Err(WireError::Closed),
                        false => Err(WireError::Unanswered),
                    });
                }
                self.received_any = true;
                let progress = reader.feed(data)?;
                if let ReadProgress::Done { excess } = progress {
                    return Poll::Ready(Ok(Some(!excess && self.sending == Sending::Done)));
                }
                if reader.has_pending_input() {
                    return Poll::Ready(Ok(None));
                }
            }
        })
    }

    /// Sends as much as the connection accepts. A failure to send is not reported yet: a server may respond "too large"
    /// and close without reading the whole request.
    fn send(&mut self, mut at: usize, cx: &mut Context<'_>) {
        self.sending = loop {
            let rest = &self.request[at..];
            let step = match rest {
                [] => Pin::new(&mut *self.stream).poll_flush(cx).map_ok(|()| 0),
                _ => Pin::new(&mut *self.stream).poll_write(cx, rest),
            };
            match step {
                Poll::Pending => break Sending::From(at),
                Poll::Ready(Ok(0)) if rest.is_empty() => break Sending::Done,
                Poll::Ready(Ok(0) | Err(_)) => break Sending::Failed(at),
                Poll::Ready(Ok(written)) => at += written,
            }
        };
    }

    fn retry(&self, error: &WireError) -> Retry {
        use io::ErrorKind as Kind;
        let is_end = match error {
            WireError::Unanswered => true,
            WireError::Io(error) => {
                matches!(error.kind(), Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe)
            }
            _ => false,
        };
        match (is_end && !self.received_any, self.sending, &self.stream) {
            (false, ..) => Retry::No,
            // With TLS, part of the request may have been sent even if writing failed.
            (true, Sending::Failed(0), HttpStream::Plain(_)) => Retry::Unsent,
            (true, ..) => Retry::IfIdempotent,
        }
    }
}
