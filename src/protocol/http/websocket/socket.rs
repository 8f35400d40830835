//! An open WebSocket: sends and receives text messages, and maps every error to a reason.

use std::fmt;
use std::io;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::protocol::net::reason;
use crate::scenario::plan::MAX_KEPT;
use crate::stats::{Example, Reason};

/// Read buffer in bytes: a subscriber's messages are small, and there may be thousands of subscribers.
const READ_BUFFER: usize = 8 * 1024;
/// Bytes of pongs that are queued for a server which does not read. If it is full, only the latest ping gets a pong, as
/// RFC 6455, section 5.5.3 allows.
const PONG_BUFFER: usize = 16 * 1024;
/// Maximum bytes of a frame in addition to its payload.
const FRAME_OVERHEAD: usize = 16;
/// Time-out for sending the close frame: the server may not read.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(200);
/// How long, and for how many messages, to wait for the server's close frame.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_MESSAGES: usize = 1_000;

/// A WebSocket of one user.
#[derive(Debug)]
pub struct Socket(WebSocketStream<reqwest::Upgraded>);

/// A received message.
#[derive(Debug)]
pub enum SocketMessage {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message, whose contents are dropped.
    Binary,
    /// A close frame, with code and reason if it has them.
    Closed(Option<(u16, Utf8Bytes)>),
}

/// Why the connection failed.
#[derive(Debug)]
pub struct SocketError(pub Reason, pub Example);

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Socket {
    /// A socket that can send messages of up to `longest` bytes.
    pub(super) async fn new(stream: reqwest::Upgraded, longest: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(longest + FRAME_OVERHEAD + PONG_BUFFER)
            .max_message_size(Some(MAX_KEPT))
            .max_frame_size(Some(MAX_KEPT));
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }

    /// Receives the next message, and responds to pings. Cancel safe: no message is lost.
    ///
    /// # Errors
    /// When the connection fails, or a message is invalid or larger than [`MAX_KEPT`] bytes.
    pub async fn receive(&mut self) -> Result<SocketMessage, SocketError> {
        loop {
            // Frames that are already buffered must not starve other users, or the time-out of this one.
            consume_budget().await;
            return Ok(match self.0.next().await {
                Some(Ok(Message::Text(text))) => SocketMessage::Text(text),
                Some(Ok(Message::Binary(_))) => SocketMessage::Binary,
                Some(Ok(Message::Close(frame))) => {
                    SocketMessage::Closed(frame.map(|frame| (u16::from(frame.code), frame.reason)))
                }
                // The library responds to pings.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => return Err(socket_error(&error)),
                None => return Err(socket_error(&Error::ConnectionClosed)),
            });
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn send(&mut self, text: String) -> Result<(), SocketError> {
        // Queued pongs go first, to make room.
        let sent = async {
            self.0.flush().await?;
            self.0.send(Message::text(text)).await
        };
        sent.await.map_err(|error| socket_error(&error))
    }

    /// Closes the connection: sends `last`, if any, and a close frame with this code, as far as the server reads.
    ///
    /// A background task drops what the server still sends: closing a connection with unread data would reset it, and
    /// the server might never read the close frame.
    pub async fn finish(mut self, last: Option<String>, code: u16) {
        let goodbye = async {
            if let Some(last) = last {
                self.0.feed(Message::text(last)).await?;
            }
            self.0.close(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::default() })).await
        };
        if matches!(timeout(CLOSE_TIMEOUT, goodbye).await, Ok(Ok(()))) {
            let rest = async move {
                for _ in 0..LINGER_MESSAGES {
                    let Some(Ok(_)) = self.0.next().await else { break };
                }
            };
            tokio::task::spawn_local(timeout(LINGER, rest));
        }
    }
}

fn socket_error(error: &Error) -> SocketError {
    const NO_CLOSE: &str = "connection closed without a close frame";
    let reason = match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Reason::Other(NO_CLOSE.into()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Reason::Other(NO_CLOSE.into()),
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Reason::Other(NO_CLOSE.into()),
        Error::Io(error) => reason::io_reason(error).unwrap_or_else(|| Reason::Other(reason::fold(&error.to_string()))),
        Error::Capacity(_) => Reason::Other("a message larger than 16 MiB".into()),
        Error::Utf8(_) => Reason::Other("a text message that is not UTF-8".into()),
        Error::Protocol(error) => Reason::Other(reason::fold(&format!("malformed WebSocket: {error}"))),
        other => Reason::Other(reason::fold(&other.to_string())),
    };
    SocketError(reason, Example { detail: error.to_string(), ..Example::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_plain_reasons() {
        let io = |kind: io::ErrorKind| Error::Io(io::Error::from(kind));
        for (error, wanted) in [
            (Error::ConnectionClosed, "connection closed without a close frame"),
            (Error::Protocol(ProtocolError::ResetWithoutClosingHandshake), "connection closed without a close frame"),
            (io(io::ErrorKind::UnexpectedEof), "connection closed without a close frame"),
            (io(io::ErrorKind::ConnectionReset), "connection reset by the server"),
            (Error::Protocol(ProtocolError::UnmaskedFrameFromClient), "malformed WebSocket: "),
            (Error::Utf8("no".to_owned()), "a text message that is not UTF-8"),
        ] {
            let found = socket_error(&error).to_string();
            assert!(found.starts_with(wanted), "{error}: {found}");
        }
    }
}
