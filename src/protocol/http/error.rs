//! Why an HTTP request has no response.

use std::io;
use std::sync::Arc;

use crate::protocol::net::dial::DialError;
use crate::protocol::net::reason::io_reason;
use crate::protocol::net::resolve::ResolveError;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before anything of a response had come.
    #[error("server closed the connection before sending a response")]
    Unanswered,
    /// The server closed the connection before the response was whole.
    #[error("connection closed before the response was complete")]
    Closed,
    /// What came is not HTTP.
    #[error("{0}")]
    Malformed(Arc<str>),
    /// Anything whose reason is known where it happens.
    #[error("{0}")]
    Known(Reason),
}

impl WireError {
    /// For a part of a request that HTTP/2 has no form for.
    pub fn not_in_http_2(what: &'static str) -> Self {
        WireError::Known(Reason::Other(format!("HTTP/2 does not allow {what}").into()))
    }

    /// The reason of the failure; what `secrets` hides is masked in it.
    pub fn reason(&self, secrets: &Redactor) -> Reason {
        match self {
            WireError::Io(error) => io_reason(error).unwrap_or_else(|| Reason::Other(secrets.fold(&error.to_string()))),
            WireError::Resolve(error) => Reason::Dns(error.0.clone()),
            WireError::Unanswered => Reason::Unanswered,
            WireError::Closed => Reason::ConnectionClosed,
            WireError::Known(reason) => reason.clone(),
            // Our own words: the numbers in them are limits.
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
    fn our_own_limits_keep_their_numbers() {
        let reason = WireError::Malformed("more than 5 content codings".into()).reason(&Redactor::default());
        assert_eq!(reason.to_string(), "malformed response: more than 5 content codings");
    }
}
