//! One open connection to one server, and one request on it at a time.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::Method;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::WireError;
use super::dial::{Dialer, Dialled, Origin};
use super::h2::Session;
use super::head::Head;
use super::reply::{Progress, Reply};
use super::stream::Stream;
use crate::scenario::plan::ClientId;

thread_local! {
    /// What has come is taken out of here at once, so that one buffer serves all users of a thread and none has its own.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    /// What is spoken on it.
    pub carrier: Carrier,
    secure: bool,
    settings: Option<ClientId>,
    authority: Box<str>,
    /// When the server will have closed it, where it has said so.
    until: Option<Instant>,
}

/// The protocol of a connection.
#[derive(Debug)]
pub enum Carrier {
    /// HTTP/1.1.
    H1(Stream),
    /// HTTP/2; boxed because plain connections are many.
    H2(Box<Session>),
}

/// What came of an exchange that ended in a response.
#[derive(Debug, Clone, Copy)]
pub struct Exchanged {
    /// True when the connection may carry another request, as far as the bytes tell.
    pub clean: bool,
    /// True when the end of the response was that of a TLS connection without TLS's own end: it may have been cut.
    pub unclosed: bool,
}

/// What came of an exchange that did not.
#[derive(Debug)]
pub struct Broken {
    /// Why.
    pub error: WireError,
    /// Whether the request may be sent again.
    pub again: Again,
}

/// Whether a request without a response may be sent again (RFC 9112, section 9.3.1, and RFC 9113, section 8.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// A part of a response has come, or the server has said why there is none.
    No,
    /// The connection ended and nothing of a response came: what is harmless to do twice, on a connection that was used
    /// before, which the server may have closed at the very moment.
    IfIdempotent,
    /// Not a byte has left, on a connection that was used before.
    Unsent,
    /// The server has said that it has not looked at the request.
    Refused,
}

impl Again {
    /// Whether this request may be sent once more, on a new connection.
    pub fn allows(self, method: &Method, is_kept: bool) -> bool {
        match self {
            Again::No => false,
            Again::IfIdempotent => is_kept && method.is_idempotent(),
            Again::Unsent => is_kept,
            Again::Refused => true,
        }
    }
}

impl Connection {
    /// Connects.
    pub async fn open(origin: &Origin<'_>, dialer: Dialer<'_>) -> Result<Box<Self>, WireError> {
        let Dialled { stream, is_h2 } = dialer.open(origin).await?;
        let carrier = if is_h2 { Carrier::H2(Box::new(Session::begin(stream).await?)) } else { Carrier::H1(stream) };
        let Origin { secure, settings, authority } = *origin;
        Ok(Box::new(Self { carrier, secure, settings, authority: authority.into(), until: None }))
    }

    /// Where it leads.
    pub fn origin(&self) -> Origin<'_> {
        Origin { secure: self.secure, settings: self.settings, authority: &self.authority }
    }

    /// False when the server has closed the connection, will have closed it when a request arrives, or has said
    /// something that nobody asked for.
    pub fn is_idle(&mut self, method: &Method) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        match &mut self.carrier {
            // What cannot be sent again is worth a question to the system.
            Carrier::H1(stream) => stream.is_idle() && (method.is_idempotent() || !stream.is_closed()),
            Carrier::H2(session) => session.is_idle(),
        }
    }

    /// Notes what a response says about how long the server keeps the connection.
    pub fn kept_by(&mut self, head: &Head) {
        if let Some(seconds) = head.keep_alive_for {
            let time = Duration::from_secs(u64::from(seconds));
            // The server's clock began earlier than ours, and a request takes its time to arrive.
            let usable = time.saturating_sub(Duration::from_secs(1)).max(time / 2);
            self.until = Instant::now().checked_add(usable);
        }
    }
}

/// Sends `request` and reads the response to its end, also while it still sends: a server may answer before it has
/// read everything, or while it reads.
pub async fn exchange(stream: &mut Stream, request: &[u8], reply: &mut Reply<'_>) -> Result<Exchanged, Broken> {
    let mut transfer = Transfer { stream, request, sending: Sending::From(0), heard: false, unclosed: false };
    loop {
        let step = poll_fn(|cx| transfer.poll(cx, reply)).await;
        // The last piece may be too much to decompress at once, as any other.
        let step = match step {
            // Rare: not a part of what every user holds.
            Ok(_) if reply.is_behind() => Box::pin(reply.catch_up()).await.and(step),
            step => step,
        };
        match step {
            Ok(None) => {}
            Ok(Some(clean)) => {
                return Ok(Exchanged { clean, unclosed: transfer.unclosed });
            }
            Err(error) => return Err(Broken { again: transfer.again(&error), error }),
        }
    }
}

/// A request on its way out, and its response on its way in.
struct Transfer<'a> {
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

impl Transfer<'_> {
    /// In the end, true when the connection may be used again; before that, `None` where the response is behind with
    /// what has come.
    fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<Result<Option<bool>, WireError>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_harmless_is_sent_again() {
        for (again, get, post, get_on_a_new_one) in [
            (Again::No, false, false, false),
            (Again::IfIdempotent, true, false, false),
            (Again::Unsent, true, true, false),
            (Again::Refused, true, true, true),
        ] {
            let allowed = [(Method::GET, true), (Method::POST, true), (Method::GET, false)]
                .map(|(method, is_kept)| again.allows(&method, is_kept));
            assert_eq!(allowed, [get, post, get_on_a_new_one], "{again:?}");
        }
    }
}
