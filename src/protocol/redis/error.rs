//! What goes wrong between us and a Redis, as one of our reasons in plain words.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::resp::FormatError;
use crate::protocol::http::classify;
use crate::protocol::http::resolve::ResolveError;
use crate::stats::{Example, Reason};

/// Why there is no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before it answered.
    #[error("connection closed before the reply was complete")]
    Closed,
    /// What came is no Redis's answer.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// The server answered with an error; the text begins with its code.
    #[error("{0}")]
    Refused(String),
}

impl WireError {
    /// True when the connection cannot be used any more.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, WireError::Refused(_))
    }

    /// The grouped reason.
    pub fn reason(&self) -> Reason {
        match self {
            WireError::Io(error) => {
                classify::io_reason(error).unwrap_or_else(|| Reason::Other(classify::fold(&error.to_string())))
            }
            WireError::Resolve(error) => Reason::Dns(Arc::clone(&error.0)),
            WireError::Closed => Reason::ConnectionClosed,
            WireError::Late(limit) => Reason::Timeout(*limit),
            WireError::Format(FormatError::Malformed(why)) => Reason::Malformed((*why).into()),
            WireError::Format(error @ FormatError::TooLarge) => Reason::Other(error.to_string().into()),
            WireError::Format(error) => Reason::Other(classify::fold(&error.to_string())),
            WireError::Refused(text) => Reason::Other(refusal(text)),
        }
    }

    /// The reason, and the error in its own words.
    pub fn failure(&self) -> (Reason, Example) {
        (self.reason(), Example { detail: crate::clean::line(&self.to_string()).into_owned(), ..Example::default() })
    }
}

/// Errors that people meet, by how they begin, in words that say what to do about them.
const KNOWN: &[(&str, &str)] = &[
    ("WRONGPASS", "wrong user name or password (WRONGPASS)"),
    ("ERR invalid password", "wrong user name or password (WRONGPASS)"),
    ("NOAUTH", "the server wants a password (NOAUTH)"),
    ("ERR AUTH <password> called without any password", "a password was sent, but the server has none set"),
    ("ERR Client sent AUTH, but no password is set", "a password was sent, but the server has none set"),
    ("DENIED", "refused: the server is in protected mode (DENIED)"),
    ("NOPERM", "the user's access list does not allow this (NOPERM)"),
    ("MOVED", "a cluster: this key or channel lives on another node (MOVED)"),
    ("ASK", "a cluster: this key is moving to another node (ASK)"),
    ("CLUSTERDOWN", "the cluster is down (CLUSTERDOWN)"),
    ("CROSSSLOT", "a cluster: the keys are on different nodes (CROSSSLOT)"),
    ("READONLY", "the server is a read-only replica (READONLY)"),
    ("OOM", "the server is out of memory: maxmemory is reached (OOM)"),
    ("LOADING", "the server is loading its data (LOADING)"),
    ("BUSY ", "the server is busy with a script (BUSY)"),
    ("MASTERDOWN", "the replica has lost its master (MASTERDOWN)"),
    ("ERR max number of clients", "the server's limit of clients (maxclients) is reached"),
    ("NOPROTO", "the server does not speak this protocol version (NOPROTO)"),
];

fn refusal(text: &str) -> Arc<str> {
    match KNOWN.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, words)) => (*words).into(),
        None => classify::fold(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_plain() {
        let refused = |text: &str| WireError::Refused(text.to_owned());
        for (error, reason) in [
            (refused("WRONGPASS invalid username-password pair"), "wrong user name or password (WRONGPASS)"),
            (refused("MOVED 3999 127.0.0.1:6381"), "a cluster: this key or channel lives on another node (MOVED)"),
            (refused("ERR unknown command 'X1', with args 77"), "ERR unknown command 'XN', with args N"),
            (WireError::Closed, "connection closed before the reply was complete"),
            (FormatError::TooLarge.into(), "reply larger than 16 MiB"),
            (FormatError::Foreign("HTTP/1.1 400".into()).into(), "not a Redis server: it answered \"HTTP/N.N N\""),
            (FormatError::Malformed("x").into(), "malformed reply: x"),
            (io::Error::from(io::ErrorKind::ConnectionRefused).into(), "connection refused"),
        ] {
            assert_eq!(error.reason().to_string(), reason);
        }
    }
}
