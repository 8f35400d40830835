//! HTTP/2 on one connection: one request at a time, read with the same limits and decoders as HTTP/1.1.

use std::cell::{Cell, RefCell};
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Reason as Code, SendStream};
use http::{HeaderMap, Request};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::attempt::{Again, Broken, Exchanged};
use super::error::WireError;
use super::h1::ResponseReader;
use super::h1::head::{self, MAX_HEAD, MAX_LINES};
use super::stream::Stream;
use crate::stats::Reason;

/// Bytes that a server may send before we have read them: of one body, and of all on a connection.
const WINDOW: u32 = 1 << 20;
/// Bytes of a body that are handed to the connection at once.
const PIECE: usize = 64 * 1024;
/// How long a connection that is done with has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open connection.
#[derive(Debug)]
pub struct Session {
    sender: SendRequest<Bytes>,
    /// Reads and writes the connection, also while nothing is asked: a server's pings are answered.
    driver: JoinHandle<()>,
    /// Tells the driver, by being dropped, that nobody will ask any more.
    _alive: oneshot::Sender<()>,
    seen: Rc<Seen>,
}

impl Session {
    /// Begins HTTP/2 on a connection that has agreed on it.
    pub async fn begin(stream: Stream) -> Result<Self, WireError> {
        // In the count of HTTP/2 every header weighs 32 bytes more.
        let list = u32::try_from(MAX_HEAD + 32 * MAX_LINES).unwrap_or(u32::MAX);
        let mut builder = Builder::new();
        builder.enable_push(false).max_header_list_size(list);
        builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let seen = Rc::<Seen>::default();
        let observed = Observed { stream, seen: Rc::clone(&seen) };
        let (sender, connection) = builder.handshake(observed).await.map_err(wire)?;
        let (_alive, gone) = oneshot::channel();
        let told = Rc::clone(&seen);
        let driver = tokio::task::spawn_local(async move {
            let mut connection = pin!(connection);
            // What breaks the connection is told to whoever waits for a response on it.
            tokio::select! {
                end = &mut connection => {
                    let error = end.err().filter(|error| error.is_remote() && error.is_go_away());
                    return told.goodbye.set(error.and_then(|error| error.reason()));
                }
                _ = gone => {}
            }
            let _ = tokio::time::timeout(GOODBYE, connection).await;
        });
        Ok(Self { sender, driver, _alive, seen })
    }

    /// False when the server has closed the connection, or takes no more requests on it.
    pub fn is_idle(&mut self) -> bool {
        let ready = self.sender.poll_ready(&mut Context::from_waker(Waker::noop()));
        !self.driver.is_finished() && matches!(ready, Poll::Ready(Ok(())))
    }

    /// Sends a request and reads the response to its end. Its headers are returned where they are of use.
    pub async fn exchange(
        &mut self,
        (request, body): (Request<()>, Bytes),
        reply: &mut ResponseReader<'_>,
    ) -> Result<(Exchanged, HeaderMap), Broken> {
        self.converse((request, body), reply).await.map_err(|error| self.broken(error, reply))
    }

    async fn converse(
        &mut self,
        (request, body): (Request<()>, Bytes),
        reply: &mut ResponseReader<'_>,
    ) -> Result<(Exchanged, HeaderMap), Failure> {
        let sent = |error| Failure::Http2 { error, unsent: true };
        poll_fn(|cx| self.sender.poll_ready(cx)).await.map_err(sent)?;
        let (response, stream) = self.sender.send_request(request, body.is_empty()).map_err(sent)?;
        let mut upload = Upload { stream, rest: body };
        let mut response = pin!(response);
        // A server may answer before it has read everything, or echo while it reads.
        let response = poll_fn(|cx| {
            upload.poll(cx);
            response.as_mut().poll(cx)
        });
        let (parts, mut incoming) = response.await?.into_parts();
        let head = head::of_fields(parts.status.as_u16(), &parts.headers, reply.is_bodiless())?;
        let headers = if reply.start(head)? { parts.headers } else { HeaderMap::new() };
        loop {
            let piece = poll_fn(|cx| {
                upload.poll(cx);
                incoming.poll_data(cx)
            });
            let Some(piece) = piece.await else { break };
            let piece = piece?;
            reply.feed(&piece)?;
            if reply.is_behind() {
                reply.catch_up().await?;
            }
            incoming.flow_control().release_capacity(piece.len())?;
        }
        Ok((Exchanged { clean: true, unclosed: false }, headers))
    }

    fn broken(&self, failure: Failure, reply: &ResponseReader<'_>) -> Broken {
        let (error, unsent) = match failure {
            Failure::Wire(error) => return Broken { error, again: Again::No },
            Failure::Http2 { error, unsent } => (error, unsent),
        };
        // Streams above the last one of a GOAWAY end with it; those that the server still answers do not.
        let refused = error.is_remote() && (error.is_go_away() || error.reason() == Some(Code::REFUSED_STREAM));
        let again = match () {
            () if reply.has_head() => Again::No,
            () if refused => Again::Refused,
            () if unsent => Again::Unsent,
            () if error.is_io() => Again::IfIdempotent,
            () => Again::No,
        };
        let error = if self.seen.is_http1.get() == Some(true) {
            let what = "the server answers in HTTP/1.1 to HTTP/2 (http_version: 2)";
            WireError::Known(Reason::Other(what.into()))
        } else if let Some(code) = self.seen.goodbye.get() {
            // What the server said counts, not how the connection ended then.
            WireError::Known(closed(code))
        } else if let Some(error) = self.seen.failed.take() {
            error.into()
        } else if again == Again::IfIdempotent {
            WireError::Unanswered
        } else {
            wire(error)
        };
        Broken { error, again }
    }
}

/// What the HTTP/2 library does not tell of its connection.
#[derive(Debug, Default)]
struct Seen {
    /// Whether the first bytes are those of an HTTP/1 response.
    is_http1: Cell<Option<bool>>,
    /// Why the server has closed the connection, where it has said so and it is an error.
    goodbye: Cell<Option<Code>>,
    /// Why reading failed; the library keeps only words of it.
    failed: RefCell<Option<io::Error>>,
}

struct Observed {
    stream: Stream,
    seen: Rc<Seen>,
}

impl AsyncRead for Observed {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer));
        let new = &buffer.filled()[before..];
        if this.seen.is_http1.get().is_none() && !new.is_empty() {
            this.seen.is_http1.set(Some(new.starts_with(b"HTTP/")));
        }
        Poll::Ready(read.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::UnexpectedEof {
                this.seen.failed.replace(Some(error));
            }
            kind.into()
        }))
    }
}

impl AsyncWrite for Observed {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The part of a request's body that has not been handed over.
struct Upload {
    stream: SendStream<Bytes>,
    rest: Bytes,
}

impl Upload {
    /// Hands over as much as the server takes. A failure is left to whoever reads the response: it says why.
    fn poll(&mut self, cx: &mut Context<'_>) {
        while !self.rest.is_empty() {
            self.stream.reserve_capacity(self.rest.len().min(PIECE));
            let Poll::Ready(Some(Ok(room))) = self.stream.poll_capacity(cx) else { return };
            let piece = self.rest.split_to(room.min(self.rest.len()));
            if self.stream.send_data(piece, self.rest.is_empty()).is_err() {
                self.rest.clear();
            }
        }
    }
}

/// Why an exchange failed.
enum Failure {
    Wire(WireError),
    Http2 { error: h2::Error, unsent: bool },
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Failure::Wire(error)
    }
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        Failure::Http2 { error, unsent: false }
    }
}

fn closed(code: Code) -> Reason {
    Reason::Other(format!("the server closed the HTTP/2 connection: {code}").into())
}

fn wire(error: h2::Error) -> WireError {
    if error.is_io() {
        // The library's own word for an end that nobody announced.
        let is_end = |kind| matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof);
        return match error.into_io() {
            Some(error) if !is_end(error.kind()) => error.into(),
            _ => WireError::Closed,
        };
    }
    let code = error.reason().map(|code| code.to_string()).unwrap_or_default();
    let reason = match () {
        () if error.is_remote() && error.is_go_away() => closed(error.reason().unwrap_or(Code::NO_ERROR)),
        () if error.is_remote() => Reason::Other(format!("the server reset the HTTP/2 stream: {code}").into()),
        () if error.is_library() => Reason::Malformed(format!("invalid HTTP/2: {code}").into()),
        () => Reason::Other(error.to_string().into()),
    };
    WireError::Known(reason)
}
