//! What the engine tells the statistics about one finished request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One finished request, successful or not.
#[derive(Debug)]
pub struct Sample {
    /// Index of the endpoint in the plan.
    pub endpoint: u32,
    /// From the real send to the last byte (or to the failure; a time-out counts with its full length).
    pub service: Duration,
    /// From when the request was due to its last byte, where there is a due time. Else it equals `service`.
    pub response: Option<Duration>,
    /// DNS, TCP and TLS, when this request opened a connection.
    pub connect: Option<Duration>,
    /// From the real send to the reply's headers.
    pub first_byte: Option<Duration>,
    /// Bytes of the reply's body, decompressed.
    pub bytes: u64,
    /// Why it failed, if it did.
    pub failure: Option<Box<Failure>>,
}

impl Sample {
    /// True when the server responded, rightly or wrongly.
    pub fn has_response(&self) -> bool {
        self.first_byte.is_some() || self.failure.as_ref().is_none_or(|failure| failure.reason.silence().is_none())
    }
}

/// Why a request failed.
#[derive(Debug)]
pub struct Failure {
    /// The grouped reason.
    pub reason: Reason,
    /// What the server said; filled only when the recorder still wants one for this endpoint and reason.
    pub example: Option<Example>,
}

/// A failure's reason with everything variable folded away: together with the endpoint it is the group's key.
///
/// Cheap to compare, hash and clone, because a dying server can fail every request of a fast run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A status the step does not accept.
    Status(u16),
    /// The step expects other statuses (`expected` as written in the scenario).
    UnexpectedStatus {
        /// What came.
        got: u16,
        /// What was wanted, as text.
        expected: Arc<str>,
    },
    /// No reply within the step's time-out.
    Timeout(Duration),
    /// Nobody listens there.
    ConnectionRefused,
    /// The connection was reset.
    ConnectionReset,
    /// The server closed the connection before anything of a response had come.
    Unanswered,
    /// The server closed the connection before a whole reply had come.
    ConnectionClosed,
    /// The name cannot be resolved.
    Dns(Arc<str>),
    /// TLS handshake or certificate.
    Tls(Arc<str>),
    /// The reply is not HTTP, or its body cannot be decoded.
    Malformed(Arc<str>),
    /// More redirects than allowed.
    TooManyRedirects,
    /// An expectation of the step does not hold; its words, the same for every such failure.
    Unmet(Arc<str>),
    /// There was nothing to capture; name and source of the capture.
    NotCaptured(Arc<str>),
    /// The reply itself says that it failed, in the terms of its protocol.
    Answer {
        /// What kind of failure the protocol knows: `GraphQL request error`.
        class: &'static str,
        /// Which one: a code, or a message with ids folded.
        what: Arc<str>,
    },
    /// The run was stopped when there had been no response for this long.
    NoResponse(Duration),
    /// The network refuses or fails; the operating system's words with numbers folded.
    Network(Arc<str>),
    /// This machine is out of something: open files, ports. Not the server's fault.
    Generator(Arc<str>),
    /// Anything else, with ids and numbers folded.
    Other(Arc<str>),
}

impl Reason {
    /// The same reason with every text of it put through `mask`.
    #[must_use]
    pub fn masked<'a>(&'a self, mask: impl Fn(&'a str) -> Cow<'a, str>) -> Self {
        let text = |text: &'a Arc<str>| match mask(text) {
            Cow::Borrowed(_) => Arc::clone(text),
            Cow::Owned(masked) => masked.into(),
        };
        match self {
            Reason::UnexpectedStatus { got, expected } => {
                Reason::UnexpectedStatus { got: *got, expected: text(expected) }
            }
            Reason::Dns(why) => Reason::Dns(text(why)),
            Reason::Tls(why) => Reason::Tls(text(why)),
            Reason::Malformed(why) => Reason::Malformed(text(why)),
            Reason::Unmet(what) => Reason::Unmet(text(what)),
            Reason::NotCaptured(what) => Reason::NotCaptured(text(what)),
            Reason::Answer { class, what } => Reason::Answer { class, what: text(what) },
            Reason::Network(why) => Reason::Network(text(why)),
            Reason::Generator(why) => Reason::Generator(text(why)),
            Reason::Other(why) => Reason::Other(text(why)),
            Reason::Status(_)
            | Reason::Timeout(_)
            | Reason::NoResponse(_)
            | Reason::ConnectionRefused
            | Reason::ConnectionReset
            | Reason::Unanswered
            | Reason::ConnectionClosed
            | Reason::TooManyRedirects => self.clone(),
        }
    }

    /// Why there was no response; `None` where one came that is not the right one.
    pub fn silence(&self) -> Option<Silence> {
        match self {
            Reason::Timeout(_) | Reason::NoResponse(_) => Some(Silence::Wait),
            Reason::ConnectionRefused => Some(Silence::Refused),
            Reason::ConnectionReset | Reason::ConnectionClosed | Reason::Unanswered => Some(Silence::Closed),
            Reason::Dns(_) => Some(Silence::Name),
            Reason::Tls(_) => Some(Silence::Tls),
            Reason::Network(_) => Some(Silence::Network),
            Reason::Generator(_) => Some(Silence::Generator),
            Reason::Status(_)
            | Reason::UnexpectedStatus { .. }
            | Reason::Malformed(_)
            | Reason::TooManyRedirects
            | Reason::Unmet(_)
            | Reason::NotCaptured(_)
            | Reason::Answer { .. }
            | Reason::Other(_) => None,
        }
    }
}

/// Begins the detail of a refused connection; the address follows.
pub const REFUSED_BY: &str = "connection refused by ";

/// Why a request got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// None came in time.
    Wait,
    /// Nobody listens.
    Refused,
    /// The connection ended first.
    Closed,
    /// The name of the server is not known.
    Name,
    /// No connection by TLS.
    Tls,
    /// There is no way to the server.
    Network,
    /// This machine did not send it: the server is not to blame.
    Generator,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Status(code) => {
                let text = http::StatusCode::from_u16(*code).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
                write!(f, "HTTP {code} {text}").map(|()| ())
            }
            Reason::UnexpectedStatus { got, expected } => write!(f, "expected status {expected}, got {got}"),
            Reason::Timeout(limit) => write!(f, "timed out after {}", crate::units::plain(*limit)),
            Reason::ConnectionRefused => f.write_str("connection refused"),
            Reason::ConnectionReset => f.write_str("connection reset by the server"),
            Reason::Unanswered => f.write_str("server closed the connection before sending a response"),
            Reason::ConnectionClosed => f.write_str("connection closed before the reply was complete"),
            Reason::Dns(why) => write!(f, "name not resolved: {why}"),
            Reason::Tls(why) => write!(f, "TLS failed: {why}"),
            Reason::Malformed(why) => write!(f, "malformed reply: {why}"),
            Reason::TooManyRedirects => f.write_str("too many redirects"),
            Reason::Unmet(expected) => write!(f, "expected {expected}"),
            Reason::Answer { class, what } => write!(f, "{class}: {what}"),
            Reason::NotCaptured(what) => write!(f, "nothing to capture for {what}"),
            Reason::NoResponse(limit) => {
                write!(f, "no response within {} before the run was stopped", crate::units::plain(*limit))
            }
            Reason::Generator(why) => write!(f, "load generator: {why}"),
            Reason::Network(why) | Reason::Other(why) => f.write_str(why),
        }
    }
}

/// One kept reply of a failure group. Hostile text: clean before drawing, escape in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Status, if a reply came.
    pub status: Option<u16>,
    /// Reply headers as `name: value` lines, at most 2 KiB.
    pub headers: String,
    /// First 4 KiB of the body.
    pub body: String,
    /// The whole error chain, where no reply came.
    pub detail: String,
}
