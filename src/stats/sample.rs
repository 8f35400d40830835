//! A finished request, the input of the statistics.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::trace_id::TraceId;

/// A finished request, successful or not.
#[derive(Debug)]
pub struct Sample {
    /// Index of the endpoint in the plan.
    pub endpoint: u32,
    /// From the real send to the last byte or the failure. A time-out counts with its full length.
    pub service: Duration,
    /// From the due time to the last byte; `None` without a due time, when it equals `service`.
    pub response: Option<Duration>,
    /// DNS, TCP and TLS, if this request opened a connection.
    pub connect: Option<Duration>,
    /// From the real send to the headers of the response.
    pub first_byte: Option<Duration>,
    /// Bytes of the response body, decompressed.
    pub bytes: u64,
    /// The trace that the request started; `None` without trace headers.
    pub trace: Option<TraceId>,
    /// The failure; `None` for a successful request.
    pub failure: Option<Box<Failure>>,
}

impl Sample {
    /// A successful request without a due time and without a body.
    pub fn of(endpoint: u32, service: Duration) -> Self {
        Self {
            endpoint,
            service,
            response: None,
            connect: None,
            first_byte: None,
            bytes: 0,
            trace: None,
            failure: None,
        }
    }

    /// Time from the due time, or from the send without one, to the last byte.
    pub fn response_time(&self) -> Duration {
        self.response.unwrap_or(self.service)
    }

    /// The trace, unless the request cannot have reached the server: then there is none to look at.
    pub(super) fn known_trace(&self) -> Option<TraceId> {
        let silence = self.failure.as_ref().and_then(|failure| failure.reason.silence());
        self.trace.filter(|_| matches!(silence, None | Some(Silence::Wait | Silence::Closed)))
    }

    /// True if the server sent a response, expected or not.
    pub fn has_response(&self) -> bool {
        self.first_byte.is_some() || self.failure.as_ref().is_none_or(|failure| failure.reason.silence().is_none())
    }
}

/// Why a request failed.
#[derive(Debug)]
pub struct Failure {
    /// The grouped reason.
    pub reason: Reason,
    /// The response; `None` if the recorder has enough examples.
    pub example: Option<Example>,
}

/// A reason without variable parts: together with the endpoint it identifies a group of failures.
///
/// Cheap to compare, hash and clone, because every request of a fast run may fail.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A status that the step does not accept.
    Status(u16),
    /// The step expects other statuses.
    UnexpectedStatus {
        /// The status of the response.
        got: u16,
        /// Accepted statuses, as written in the scenario.
        expected: Arc<str>,
    },
    /// No response within the step's time-out.
    Timeout(Duration),
    /// The server refused the connection.
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
    /// A failed expectation of the step, in the same words for all such failures.
    Unmet(Arc<str>),
    /// A capture found nothing; name and source of the capture.
    NotCaptured(Arc<str>),
    /// The response reports a failure in terms of its protocol.
    Answer {
        /// The protocol's kind of failure: `GraphQL request error`.
        class: &'static str,
        /// Error code, or error message without ids.
        what: Arc<str>,
    },
    /// The run was stopped after waiting this long for a response.
    NoResponse(Duration),
    /// A network error: the message of the operating system without numbers.
    Network(Arc<str>),
    /// This machine ran out of a resource, such as open files or ports. Not the server's fault.
    Generator(Arc<str>),
    /// Anything else, without ids and numbers.
    Other(Arc<str>),
}

impl Reason {
    /// Copy with `mask` applied to every string in it.
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

    /// Class of the response's status.
    pub fn status_class(&self) -> StatusClass {
        match self {
            Reason::Status(status) | Reason::UnexpectedStatus { got: status, .. } => StatusClass::of(*status),
            Reason::TooManyRedirects => StatusClass::Redirect,
            Reason::Unmet(_) | Reason::NotCaptured(_) | Reason::Answer { .. } => StatusClass::Accepted,
            Reason::Timeout(_)
            | Reason::ConnectionRefused
            | Reason::ConnectionReset
            | Reason::Unanswered
            | Reason::ConnectionClosed
            | Reason::Dns(_)
            | Reason::Tls(_)
            | Reason::Malformed(_)
            | Reason::NoResponse(_)
            | Reason::Network(_)
            | Reason::Generator(_)
            | Reason::Other(_) => StatusClass::None,
        }
    }

    /// Why there was no response; `None` if there was one.
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

/// Class of the status of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// There was no response, or the protocol has no statuses.
    None,
    /// The status was accepted, and something else in the response was not.
    Accepted,
    /// 1xx and 2xx.
    Success,
    /// 3xx.
    Redirect,
    /// 4xx.
    ClientError,
    /// 5xx, and whatever is not HTTP.
    ServerError,
}

impl StatusClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [StatusClass; 6] =
        [Self::None, Self::Accepted, Self::Success, Self::Redirect, Self::ClientError, Self::ServerError];

    /// Name in tags, such as `5xx`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Accepted => "accepted",
            Self::Success => "2xx",
            Self::Redirect => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        }
    }

    fn of(status: u16) -> Self {
        match status {
            ..300 => Self::Success,
            300..400 => Self::Redirect,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

/// Start of the detail of a refused connection; the address follows.
pub const REFUSED_BY: &str = "connection refused by ";

/// Why a request got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// No response before the time-out.
    Wait,
    /// Connection refused.
    Refused,
    /// Connection closed or reset.
    Closed,
    /// Name not resolved.
    Name,
    /// TLS failure.
    Tls,
    /// The network does not reach the server.
    Network,
    /// This machine could not send it. Not the server's fault.
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

/// A request and its response, kept as the example of a failure group. Secrets are masked. Untrusted: clean it before
/// drawing, escape it in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The request; `None` if there was none, as for a disconnected subscriber.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ExampleRequest>,
    /// Status; `None` without a response.
    pub status: Option<u16>,
    /// Response headers as `name: value` lines, at most 2 KiB.
    pub headers: String,
    /// First 4 KiB of the body.
    pub body: String,
    /// Error chain, if there was no response.
    pub detail: String,
    /// The trace of the request; `None` without trace headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// A request as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleRequest {
    /// Method and URL, or a Redis command with its arguments; at most 2 KiB.
    pub line: String,
    /// Request headers as `name: value` lines, at most 2 KiB; credentials are masked.
    pub headers: String,
    /// First 4 KiB of the body or message; for GraphQL, the operation and its variables.
    pub body: String,
}
