//! Errors of an HTTP exchange.

use std::io;
use std::sync::Arc;

use crate::protocol::net::dial::DialError;
use crate::protocol::net::reason::io_reason;
use crate::protocol::net::resolve::ResolveError;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// Why a request has no response.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name could not be resolved.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection without a response.
    #[error("server closed the connection before sending a response")]
    Unanswered,
    /// The server closed the connection before the end of the response.
    #[error("connection closed before the response was complete")]
    Closed,
    /// The response is not valid HTTP.
    #[error("{0}")]
    Malformed(Arc<str>),
    /// An error whose reason is already known.
    #[error("{0}")]
    Known(Reason),
}

impl WireError {
    /// For a part of a request that HTTP/2 does not allow.
    pub fn not_in_http_2(what: &'static str) -> Self {
        WireError::Known(Reason::Other(format!("HTTP/2 does not allow {what}").into()))
    }

    /// The reason of the failure, with secrets masked.
    pub fn reason(&self, secrets: &Redactor) -> Reason {
        match self {
            WireError::Io(error) => io_reason(error).unwrap_or_else(|| Reason::Other(secrets.fold(&error.to_string()))),
            WireError::Resolve(error) => Reason::Dns(error.0.clone()),
            WireError::Unanswered => Reason::Unanswered,
            WireError::Closed => Reason::ConnectionClosed,
            WireError::Known(reason) => reason.clone(),
            // Not folded: the numbers in our own messages are limits.
            WireError::Malformed(why) => Reason::Malformed(why.clone()),
        }
    }
}

impl From<DialError> for WireError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Resolve(error) => WireError::Resolve(error),
            DialError::Io(error) => WireError::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_in_messages_are_not_folded() {
        let reason = WireError::Malformed("more than 5 content codings".into()).reason(&Redactor::default());
        assert_eq!(reason.to_string(), "malformed response: more than 5 content codings");
    }
}
