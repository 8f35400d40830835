//! HTTP/2 over one connection: one request at a time, with the limits and decoders of HTTP/1.1.

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

use super::attempt::{ExchangeEnd, FailedExchange, Retry};
use super::error::WireError;
use super::h1::ResponseReader;
use super::h1::head::{self, MAX_HEAD, MAX_LINES};
use super::stream::HttpStream;
use crate::stats::Reason;

/// Flow control window of a stream and of the connection, in bytes.
const WINDOW: u32 = 1 << 20;
/// Bytes of a body passed to the library at once.
const BODY_PIECE: usize = 64 * 1024;
/// Time that a connection has to close gracefully.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// An open connection.
#[derive(Debug)]
pub struct Session {
    sender: SendRequest<Bytes>,
    /// Drives the connection, also while it is idle, so that pings get responses.
    driver: JoinHandle<()>,
    /// Dropping it makes the driver close the connection.
    _alive: oneshot::Sender<()>,
    state: Rc<ConnectionState>,
}

impl Session {
    /// Performs the HTTP/2 handshake.
    pub async fn begin(stream: HttpStream) -> Result<Self, WireError> {
        // HTTP/2 counts 32 bytes more per header.
        let list = u32::try_from(MAX_HEAD + 32 * MAX_LINES).unwrap_or(u32::MAX);
        let mut builder = Builder::new();
        builder.enable_push(false).max_header_list_size(list);
        builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let state = Rc::<ConnectionState>::default();
        let observed = ObservedStream { stream, state: Rc::clone(&state) };
        let (sender, connection) = builder.handshake(observed).await.map_err(wire)?;
        let (_alive, closed_by_user) = oneshot::channel();
        let driver_state = Rc::clone(&state);
        let driver = tokio::task::spawn_local(async move {
            let mut connection = pin!(connection);
            // An error of the connection is also reported to the request that waits for a response.
            tokio::select! {
                end = &mut connection => {
                    let error = end.err().filter(|error| error.is_remote() && error.is_go_away());
                    return driver_state.goaway.set(error.and_then(|error| error.reason()));
                }
                _ = closed_by_user => {}
            }
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, connection).await;
        });
        Ok(Self { sender, driver, _alive, state })
    }

    /// False if the server has closed the connection, or accepts no more requests on it.
    pub fn is_idle(&mut self) -> bool {
        let ready = self.sender.poll_ready(&mut Context::from_waker(Waker::noop()));
        !self.driver.is_finished() && matches!(ready, Poll::Ready(Ok(())))
    }

    /// Sends a request and reads the whole response. Returns its headers if they have to be kept.
    pub async fn exchange(
        &mut self,
        request: Request<()>,
        body: Bytes,
        reader: &mut ResponseReader<'_>,
    ) -> Result<(ExchangeEnd, HeaderMap), FailedExchange> {
        self.send(request, body, reader).await.map_err(|error| self.failed(error, reader))
    }

    async fn send(
        &mut self,
        request: Request<()>,
        body: Bytes,
        reader: &mut ResponseReader<'_>,
    ) -> Result<(ExchangeEnd, HeaderMap), ExchangeFailure> {
        let sent = |error| ExchangeFailure::Http2 { error, unsent: true };
        poll_fn(|cx| self.sender.poll_ready(cx)).await.map_err(sent)?;
        let (response, stream) = self.sender.send_request(request, body.is_empty()).map_err(sent)?;
        let mut upload = Upload { stream, rest: body };
        let mut response = pin!(response);
        // A server may respond before it has read the whole request, or while it reads.
        let response = poll_fn(|cx| {
            upload.poll(cx);
            response.as_mut().poll(cx)
        });
        let (parts, mut incoming) = response.await?.into_parts();
        let head = head::of_fields(parts.status.as_u16(), &parts.headers, reader.is_bodiless())?;
        let headers = if reader.start(head)? { parts.headers } else { HeaderMap::new() };
        loop {
            let piece = poll_fn(|cx| {
                upload.poll(cx);
                incoming.poll_data(cx)
            });
            let Some(piece) = piece.await else { break };
            let piece = piece?;
            reader.feed(&piece)?;
            if reader.has_pending_input() {
                reader.decode_pending().await?;
            }
            incoming.flow_control().release_capacity(piece.len())?;
        }
        Ok((ExchangeEnd { clean: true, unclosed: false }, headers))
    }

    fn failed(&self, failure: ExchangeFailure, reader: &ResponseReader<'_>) -> FailedExchange {
        let (error, unsent) = match failure {
            ExchangeFailure::Wire(error) => return FailedExchange { error, retry: Retry::No },
            ExchangeFailure::Http2 { error, unsent } => (error, unsent),
        };
        // GOAWAY refuses the streams above its last stream id; lower ones are still processed.
        let refused = error.is_remote() && (error.is_go_away() || error.reason() == Some(Code::REFUSED_STREAM));
        let retry = match () {
            () if reader.has_head() => Retry::No,
            () if refused => Retry::Refused,
            () if unsent => Retry::Unsent,
            () if error.is_io() => Retry::IfIdempotent,
            () => Retry::No,
        };
        let error = if self.state.is_http1.get() == Some(true) {
            let what = "the server responds with HTTP/1.1 to HTTP/2 (http_version: 2)";
            WireError::Known(Reason::Other(what.into()))
        } else if let Some(code) = self.state.goaway.get() {
            // The code of GOAWAY explains more than how the connection ended afterwards.
            WireError::Known(closed(code))
        } else if let Some(error) = self.state.failed.take() {
            error.into()
        } else if retry == Retry::IfIdempotent {
            WireError::Unanswered
        } else {
            wire(error)
        };
        FailedExchange { error, retry }
    }
}

/// Details of the connection that the HTTP/2 library does not expose.
#[derive(Debug, Default)]
struct ConnectionState {
    /// Whether the first bytes look like an HTTP/1 response.
    is_http1: Cell<Option<bool>>,
    /// Error code of the GOAWAY that closed the connection, if any.
    goaway: Cell<Option<Code>>,
    /// The error of the last read; the library keeps only its text.
    failed: RefCell<Option<io::Error>>,
}

struct ObservedStream {
    stream: HttpStream,
    state: Rc<ConnectionState>,
}

impl AsyncRead for ObservedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer));
        let new = &buffer.filled()[before..];
        if this.state.is_http1.get().is_none() && !new.is_empty() {
            this.state.is_http1.set(Some(new.starts_with(b"HTTP/")));
        }
        Poll::Ready(read.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::UnexpectedEof {
                this.state.failed.replace(Some(error));
            }
            kind.into()
        }))
    }
}

impl AsyncWrite for ObservedStream {
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

/// The rest of a request body.
struct Upload {
    stream: SendStream<Bytes>,
    rest: Bytes,
}

impl Upload {
    /// Sends as much as flow control allows. Errors are ignored here: reading the response reports them.
    fn poll(&mut self, cx: &mut Context<'_>) {
        while !self.rest.is_empty() {
            self.stream.reserve_capacity(self.rest.len().min(BODY_PIECE));
            let Poll::Ready(Some(Ok(room))) = self.stream.poll_capacity(cx) else { return };
            let piece = self.rest.split_to(room.min(self.rest.len()));
            if self.stream.send_data(piece, self.rest.is_empty()).is_err() {
                self.rest.clear();
            }
        }
    }
}

/// Why an exchange failed.
enum ExchangeFailure {
    Wire(WireError),
    Http2 { error: h2::Error, unsent: bool },
}

impl From<WireError> for ExchangeFailure {
    fn from(error: WireError) -> Self {
        ExchangeFailure::Wire(error)
    }
}

impl From<h2::Error> for ExchangeFailure {
    fn from(error: h2::Error) -> Self {
        ExchangeFailure::Http2 { error, unsent: false }
    }
}

fn closed(code: Code) -> Reason {
    Reason::Other(format!("the server closed the HTTP/2 connection: {code}").into())
}

fn wire(error: h2::Error) -> WireError {
    if error.is_io() {
        // The library's error kind for a connection that closed without GOAWAY.
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
