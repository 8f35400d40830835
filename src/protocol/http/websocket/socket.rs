//! An open WebSocket: texts go out, texts come in, and every way in which that ends has its reason.

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

/// Bytes read at once: a subscriber's messages are small, and there may be thousands of subscribers.
const READ: usize = 8 * 1024;
/// Bytes of pongs that wait for a server which does not read. When there is no room, only its latest ping gets one, as
/// RFC 6455 5.5.3 allows.
const PONGS: usize = 16 * 1024;
/// Bytes of a message besides its text, at most.
const FRAME: usize = 16;
/// A server that reads nothing must not hold who says goodbye.
const GOODBYE: Duration = Duration::from_millis(200);
/// How long the server may take to say goodbye too, and how many messages it may still send until then.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_MESSAGES: usize = 1_000;

/// A WebSocket of one user.
#[derive(Debug)]
pub struct Socket(WebSocketStream<reqwest::Upgraded>);

/// What has come.
#[derive(Debug)]
pub enum Received {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary,
    /// The server closes: its code and its words, if it gives any.
    Closed(Option<(u16, Utf8Bytes)>),
}

/// Why nothing more can come.
#[derive(Debug)]
pub struct Broken(pub Reason, pub Example);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Socket {
    /// Texts of up to `longest` bytes can be sent.
    pub(super) async fn new(stream: reqwest::Upgraded, longest: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_write_buffer_size(longest + FRAME + PONGS)
            .max_message_size(Some(MAX_KEPT))
            .max_frame_size(Some(MAX_KEPT));
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }

    /// The next message. Pings are answered on the way. May be given up at any time: nothing is lost.
    ///
    /// # Errors
    /// When the connection breaks or what comes is no WebSocket message of at most [`MAX_KEPT`] bytes.
    pub async fn receive(&mut self) -> Result<Received, Broken> {
        loop {
            // Frames that are all there already must not keep the thread from others, nor a time-out from this user.
            consume_budget().await;
            return Ok(match self.0.next().await {
                Some(Ok(Message::Text(text))) => Received::Text(text),
                Some(Ok(Message::Binary(_))) => Received::Binary,
                Some(Ok(Message::Close(frame))) => {
                    Received::Closed(frame.map(|frame| (u16::from(frame.code), frame.reason)))
                }
                // The library has answered a ping.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => return Err(broken(&error)),
                None => return Err(broken(&Error::ConnectionClosed)),
            });
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, text: String) -> Result<(), Broken> {
        // What waits to be sent goes first, so that there is room.
        let sent = async {
            self.0.flush().await?;
            self.0.send(Message::text(text)).await
        };
        sent.await.map_err(|error| broken(&error))
    }

    /// Says goodbye: sends `last`, if there is one, and a close frame with this code, as far as the server takes them.
    ///
    /// What it still sends is read and dropped for a moment, by nobody's user: a connection with unread bytes is reset when
    /// it is closed, and the server would learn nothing.
    pub async fn finish(mut self, last: Option<String>, code: u16) {
        let goodbye = async {
            if let Some(last) = last {
                self.0.feed(Message::text(last)).await?;
            }
            self.0.close(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::default() })).await
        };
        if matches!(timeout(GOODBYE, goodbye).await, Ok(Ok(()))) {
            let rest = async move {
                for _ in 0..LINGER_MESSAGES {
                    let Some(Ok(_)) = self.0.next().await else { break };
                }
            };
            tokio::task::spawn_local(timeout(LINGER, rest));
        }
    }
}

fn broken(error: &Error) -> Broken {
    const CUT: &str = "connection closed without a close frame";
    let reason = match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Reason::Other(CUT.into()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Reason::Other(CUT.into()),
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Reason::Other(CUT.into()),
        Error::Io(error) => reason::io_reason(error).unwrap_or_else(|| Reason::Other(reason::fold(&error.to_string()))),
        Error::Capacity(_) => Reason::Other("a message above 16 MiB".into()),
        Error::Utf8(_) => Reason::Other("a text message that is not UTF-8".into()),
        Error::Protocol(error) => Reason::Other(reason::fold(&format!("malformed WebSocket: {error}"))),
        other => Reason::Other(reason::fold(&other.to_string())),
    };
    Broken(reason, Example { detail: error.to_string(), ..Example::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_plain_words() {
        let io = |kind: io::ErrorKind| Error::Io(io::Error::from(kind));
        for (error, wanted) in [
            (Error::ConnectionClosed, "connection closed without a close frame"),
            (Error::Protocol(ProtocolError::ResetWithoutClosingHandshake), "connection closed without a close frame"),
            (io(io::ErrorKind::UnexpectedEof), "connection closed without a close frame"),
            (io(io::ErrorKind::ConnectionReset), "connection reset by the server"),
            (Error::Protocol(ProtocolError::UnmaskedFrameFromClient), "malformed WebSocket: "),
            (Error::Utf8("no".to_owned()), "a text message that is not UTF-8"),
        ] {
            let found = broken(&error).to_string();
            assert!(found.starts_with(wanted), "{error}: {found}");
        }
    }
}
