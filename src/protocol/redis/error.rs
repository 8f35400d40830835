//! Maps errors of Redis connections to failure reasons.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{ServerError, ServerErrorKind};

use super::resp::FormatError;
use super::value::error_text;
use crate::protocol::net::dial::DialError;
use crate::protocol::net::reason::{fold, io_reason};
use crate::protocol::net::resolve::ResolveError;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Why a command has no response, or not the expected one.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// Connecting, sending or receiving failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name could not be resolved.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before the end of the response.
    #[error("connection closed before the response was complete")]
    Closed,
    /// The response is not valid RESP, or too large.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// No response in time.
    #[error("no response within {0:?}")]
    TimedOut(Duration),
    /// An error response.
    #[error("{}", error_text(.0))]
    Refused(ServerError),
    /// No Sentinel says where the master is.
    #[error("Sentinel: {0}")]
    Sentinel(Box<RedisError>),
    /// A response of another kind than the command has.
    #[error("{0}")]
    Unexpected(String),
}

impl From<DialError> for RedisError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Resolve(error) => RedisError::Resolve(error),
            DialError::Io(error) => RedisError::Io(error),
        }
    }
}

/// Maximum characters shown of the response of a server with another protocol.
const MAX_FOREIGN: usize = 60;

impl RedisError {
    /// Whether the connection is unusable after this error.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, RedisError::Refused(_))
    }

    /// Whether the error is likely to be temporary.
    pub fn is_temporary(&self) -> bool {
        use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, TryAgain};
        let RedisError::Refused(error) = self else { return false };
        matches!(error.kind(), Some(BusyLoading | ClusterDown | MasterDown | TryAgain)) || error.code() == "BUSY"
    }

    /// The reason that failures are grouped by. A server may repeat what it was sent, so secrets are masked first:
    /// after folding digits they would not be recognized.
    pub fn reason(&self, secrets: &Redactor) -> Reason {
        match self {
            RedisError::Io(error) => io_reason(error).unwrap_or_else(|| Reason::Other(fold(&error.to_string()))),
            RedisError::Resolve(error) => Reason::Dns(Arc::clone(&error.0)),
            RedisError::Closed => Reason::ConnectionClosed,
            RedisError::TimedOut(limit) => Reason::Timeout(*limit),
            RedisError::Format(FormatError::Malformed(why)) => Reason::Malformed((*why).into()),
            RedisError::Format(error @ (FormatError::TooLarge | FormatError::NotRedis(_))) => {
                Reason::Other(error.to_string().into())
            }
            RedisError::Format(FormatError::Foreign(response)) => {
                let error = FormatError::Foreign(fold_loose(&secrets.clip(response, MAX_FOREIGN)));
                Reason::Other(error.to_string().into())
            }
            RedisError::Refused(error) => Reason::Other(refusal(error, secrets)),
            RedisError::Sentinel(error) => Reason::Other(format!("Sentinel: {}", error.reason(secrets)).into()),
            RedisError::Unexpected(text) => Reason::Other(fold(&secrets.mask(text))),
        }
    }

    /// The reason, and an example with the original error.
    pub fn failure(&self, secrets: &Redactor) -> (Reason, Example) {
        let text = match self {
            RedisError::Format(FormatError::Foreign(response)) => {
                FormatError::Foreign(secrets.clip(response, MAX_FOREIGN)).to_string()
            }
            other => secrets.mask(&other.to_string()).into_owned(),
        };
        let detail = crate::clean::line(&text).into_owned();
        (self.reason(secrets), Example { detail, ..Example::default() })
    }
}

/// Common errors by their code and the start of their text, in words that help to fix them.
const KNOWN: &[(&str, &str, &str)] = &[
    ("WRONGPASS", "", "wrong user name or password (WRONGPASS)"),
    ("ERR", "invalid password", "wrong user name or password (WRONGPASS)"),
    ("NOAUTH", "", "the server requires a password (NOAUTH)"),
    ("ERR", "AUTH <password> called without any password", "a password was sent, but the server has none set"),
    ("ERR", "Client sent AUTH, but no password is set", "a password was sent, but the server has none set"),
    ("DENIED", "", "refused: the server is in protected mode (DENIED)"),
    ("MOVED", "", "cluster: this key or channel is on another node (MOVED)"),
    ("ASK", "", "cluster: this key is moving to another node (ASK)"),
    ("TRYAGAIN", "", "cluster: the keys are moving to another node (TRYAGAIN)"),
    ("CLUSTERDOWN", "", "the cluster is down (CLUSTERDOWN)"),
    ("CROSSSLOT", "", "cluster: the keys are on different nodes (CROSSSLOT)"),
    ("READONLY", "", "the server is a read-only replica (READONLY)"),
    ("OOM", "", "the server is out of memory: maxmemory is reached (OOM)"),
    ("LOADING", "", "the server is loading its data (LOADING)"),
    ("BUSY", "", "the server is busy with a script (BUSY)"),
    ("MASTERDOWN", "", "the replica has lost its master (MASTERDOWN)"),
    ("ERR", "max number of clients", "the server's limit of clients (maxclients) is reached"),
    ("NOPROTO", "", "the server does not speak this protocol version (NOPROTO)"),
];

/// Folds numbers, except those that are part of a protocol's name or status: `HTTP/1.1 400`, `SSH-2.0-OpenSSH_9.6`.
fn fold_loose(text: &str) -> String {
    let mut status = false;
    let folded = |word: &str| {
        let is_code = std::mem::replace(&mut status, word.starts_with("HTTP/")) && word.len() == 3;
        let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_code || is_word { word.to_owned() } else { fold(word).to_string() }
    };
    text.split(' ').map(folded).collect::<Vec<_>>().join(" ")
}

/// What the server says in plain words. It may repeat what it was sent, so secrets are masked first.
fn refusal(error: &ServerError, secrets: &Redactor) -> Arc<str> {
    let details = error.details().unwrap_or_default();
    if error.kind() == Some(ServerErrorKind::NoPerm) {
        // Without the user: it is known, and not in the message of all versions.
        let details = secrets.mask(details);
        let from = details.find("o permissions").map_or(0, |at| at.saturating_sub(1));
        let what = details.get(from..).unwrap_or(&details);
        return format!("{} (NOPERM, the user's access list)", fold(what)).into();
    }
    match KNOWN.iter().find(|(code, start, _)| error.code() == *code && details.starts_with(start)) {
        Some((_, _, words)) => (*words).into(),
        None => fold(&secrets.mask(&error_text(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redis::example_responses::refused;

    #[test]
    fn errors_have_plain_reasons() {
        for (error, reason) in [
            (refused("WRONGPASS invalid username-password pair"), "wrong user name or password (WRONGPASS)"),
            (refused("MOVED 3999 127.0.0.1:6381"), "cluster: this key or channel is on another node (MOVED)"),
            (refused("ERR unknown command 'X1', with args 77"), "ERR unknown command 'XN', with args N"),
            (
                refused("NOPERM User bob has no permissions to run the 'get' command"),
                "no permissions to run the 'get' command (NOPERM, the user's access list)",
            ),
            (refused("NOPERM what else"), "what else (NOPERM, the user's access list)"),
            (RedisError::Closed, "connection closed before the response was complete"),
            (FormatError::TooLarge.into(), "response larger than 16 MiB"),
            (FormatError::Foreign("HTTP/1.1 400".into()).into(), "not a Redis server: it sent \"HTTP/1.1 400\""),
            (FormatError::Foreign("220 x at 12:30".into()).into(), "not a Redis server: it sent \"N x at N:N\""),
            (FormatError::Malformed("x").into(), "malformed response: x"),
            (io::Error::from(io::ErrorKind::ConnectionRefused).into(), "connection refused"),
        ] {
            assert_eq!(error.reason(&Redactor::default()).to_string(), reason);
        }
    }

    #[test]
    fn echoed_passwords_are_masked_before_folding() {
        let secrets = Redactor::new(["EchoPw1234"]);
        let text = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'EchoPw1234'";
        for error in [refused(text), FormatError::Foreign("HTTP/1.1 400 EchoPw1234".into()).into()] {
            let failure = format!("{:?}", error.failure(&secrets));
            assert!(failure.contains("***") && !failure.contains("EchoPw"), "{failure}");
        }
    }
}
