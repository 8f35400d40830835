//! One finished request, as the statistics receive it.

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
    /// From the real send to the headers of the response.
    pub first_byte: Option<Duration>,
    /// Bytes of the response body, decompressed.
    pub bytes: u64,
    /// Why it failed, if it did.
    pub failure: Option<Box<Failure>>,
}

impl Sample {
    /// True when the server responded, as expected or not.
    pub fn has_response(&self) -> bool {
        self.first_byte.is_some() || self.failure.as_ref().is_none_or(|failure| failure.reason.silence().is_none())
    }
}

/// Why a request failed.
#[derive(Debug)]
pub struct Failure {
    /// The grouped reason.
    pub reason: Reason,
    /// The response; set only when the recorder still wants one for this endpoint and reason.
    pub example: Option<Example>,
}

/// A failure's reason with everything variable removed: together with the endpoint it is the group's key.
///
/// Cheap to compare, hash and clone, because every request of a fast run may fail.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A status the step does not accept.
    Status(u16),
    /// The step expects other statuses (`expected` as written in the scenario).
    UnexpectedStatus {
        /// The status of the response.
        got: u16,
        /// The statuses that the step accepts, as text.
        expected: Arc<str>,
    },
    /// No response within the step's time-out.
    Timeout(Duration),
    /// Nothing listens there.
    ConnectionRefused,
    /// The connection was reset.
    ConnectionReset,
    /// The server closed the connection before the first byte of a response.
    Unanswered,
    /// The server closed the connection before the end of a response.
    ConnectionClosed,
    /// The name cannot be resolved.
    Dns(Arc<str>),
    /// TLS handshake or certificate.
    Tls(Arc<str>),
    /// The response is not HTTP, or its body cannot be decoded.
    Malformed(Arc<str>),
    /// More redirects than allowed.
    TooManyRedirects,
    /// An expectation of the step that failed, in words that are the same for every such failure.
    Unmet(Arc<str>),
    /// There was nothing to capture; name and source of the capture.
    NotCaptured(Arc<str>),
    /// The response reports a failure, in the terms of its protocol.
    Answer {
        /// The protocol's kind of failure: `GraphQL request error`.
        class: &'static str,
        /// The failure: a code, or a message without ids.
        what: Arc<str>,
    },
    /// The run was stopped when there had been no response for this long.
    NoResponse(Duration),
    /// A failure of the network; the message of the operating system without numbers.
    Network(Arc<str>),
    /// This machine has run out of a resource, such as open files or ports: not the server's fault.
    Generator(Arc<str>),
    /// Anything else, without ids and numbers.
    Other(Arc<str>),
}

impl Reason {
    /// The same reason with `mask` applied to every text in it.
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

    /// Why there was no response; `None` where there was one that is not accepted.
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

/// The beginning of the detail of a refused connection, before the address.
pub const REFUSED_BY: &str = "connection refused by ";

/// Why a request got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// None before the time-out.
    Wait,
    /// Nothing listens there.
    Refused,
    /// The connection ended first.
    Closed,
    /// The server's name cannot be resolved.
    Name,
    /// TLS failed.
    Tls,
    /// The network does not reach the server.
    Network,
    /// This machine did not send it: not the server's fault.
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
            Reason::ConnectionClosed => f.write_str("connection closed before the response was complete"),
            Reason::Dns(why) => write!(f, "name not resolved: {why}"),
            Reason::Tls(why) => write!(f, "TLS failed: {why}"),
            Reason::Malformed(why) => write!(f, "malformed response: {why}"),
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

/// One request of a failure group and its response, kept as an example. Secrets are masked. May be hostile: clean it
/// before drawing, escape it in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What was sent; `None` where it is not known, as for a subscriber that is disconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ExampleRequest>,
    /// Status, if there was a response.
    pub status: Option<u16>,
    /// Response headers as `name: value` lines, at most 2 KiB.
    pub headers: String,
    /// First 4 KiB of the body.
    pub body: String,
    /// The whole error chain, where there was no response.
    pub detail: String,
}

/// A request as it was sent, of which an example is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleRequest {
    /// Method and URL, or a Redis command with its arguments; at most 2 KiB.
    pub line: String,
    /// Request headers as `name: value` lines, at most 2 KiB; credentials are masked.
    pub headers: String,
    /// First 4 KiB of the body or message; of a GraphQL request its operation and its variables.
    pub body: String,
}
