//! One request of HTTP/1.1 and its response.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::reader::{Progress, ResponseReader};
use crate::protocol::http::attempt::{Again, Broken, Exchanged};
use crate::protocol::http::error::WireError;
use crate::protocol::http::stream::Stream;

thread_local! {
    /// What has come is taken out of here at once, so that one buffer serves all users of a thread and none has its own.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Sends `request` and reads the response to its end, also while it still sends: a server may answer before it has
/// read everything, or while it reads.
pub async fn exchange(
    stream: &mut Stream,
    request: &[u8],
    reply: &mut ResponseReader<'_>,
) -> Result<Exchanged, Broken> {
    let mut conversation = Conversation { stream, request, sending: Sending::From(0), heard: false, unclosed: false };
    loop {
        let step = poll_fn(|cx| conversation.poll(cx, reply)).await;
        // The last piece may be too much to decompress at once, as any other.
        let step = match step {
            // Rare: not a part of what every user holds.
            Ok(_) if reply.is_behind() => Box::pin(reply.catch_up()).await.and(step),
            step => step,
        };
        match step {
            Ok(None) => {}
            Ok(Some(clean)) => {
                return Ok(Exchanged { clean, unclosed: conversation.unclosed });
            }
            Err(error) => return Err(Broken { again: conversation.again(&error), error }),
        }
    }
}

/// A request on its way out, and its response on its way in.
struct Conversation<'a> {
    stream: &'a mut Stream,
    request: &'a [u8],
    sending: Sending,
    /// Something of a response has come.
    heard: bool,
    /// TLS ended without its own end.
    unclosed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// The next byte.
    From(usize),
    Done,
    /// The rest cannot be sent; how much has been.
    Failed(usize),
}

impl Conversation<'_> {
    /// In the end, true when the connection may be used again; before that, `None` where the response is behind with
    /// what has come.
    fn poll(&mut self, cx: &mut Context<'_>, reply: &mut ResponseReader<'_>) -> Poll<Result<Option<bool>, WireError>> {
        if let Sending::From(at) = self.sending {
            self.send(at, cx);
        }
        INCOMING.with_borrow_mut(|incoming| {
            loop {
                let mut buffer = ReadBuf::new(incoming);
                match ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut buffer)) {
                    Ok(()) => {}
                    // Whether the response is whole, its head says.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.unclosed = true,
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
                let data = buffer.filled();
                if data.is_empty() {
                    return Poll::Ready(match self.heard {
                        true if reply.may_end() => Ok(Some(false)),
                        true => Err(WireError::Closed),
                        false => Err(WireError::Unanswered),
                    });
                }
                self.heard = true;
                let progress = reply.feed(data)?;
                if let Progress::Done { excess } = progress {
                    return Poll::Ready(Ok(Some(!excess && self.sending == Sending::Done)));
                }
                if reply.is_behind() {
                    return Poll::Ready(Ok(None));
                }
            }
        })
    }

    /// Sends as much as the connection takes. A server may answer "too large" and close before it has read everything:
    /// a failure to send is none before it has been read what the server says.
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

    fn again(&self, error: &WireError) -> Again {
        use io::ErrorKind as Kind;
        let is_end = match error {
            WireError::Unanswered => true,
            WireError::Io(error) => {
                matches!(error.kind(), Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe)
            }
            _ => false,
        };
        match (is_end && !self.heard, self.sending, &self.stream) {
            (false, ..) => Again::No,
            // What TLS could not send whole may have left in part.
            (true, Sending::Failed(0), Stream::Plain(_)) => Again::Unsent,
            (true, ..) => Again::IfIdempotent,
        }
    }
}
