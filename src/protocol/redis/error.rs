//! What goes wrong between us and a Redis, as one of our reasons in plain words.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::resp::FormatError;
use crate::protocol::net::dial::DialError;
use crate::protocol::net::reason::{fold, io_reason};
use crate::protocol::net::resolve::ResolveError;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Why there is no response, or not the expected one.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before it responded.
    #[error("connection closed before the response was complete")]
    Closed,
    /// The response is not that of a Redis server, or too large.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// No response in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// The server responded with an error, which begins with its code.
    #[error("{0}")]
    Refused(String),
}

impl From<DialError> for WireError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Resolve(error) => WireError::Resolve(error),
            DialError::Io(error) => WireError::Io(error),
        }
    }
}

/// Most characters of the response of a server with another protocol.
const BEGINNING: usize = 60;

impl WireError {
    /// True when the connection cannot be used any more.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, WireError::Refused(_))
    }

    /// True when the error is likely to be temporary.
    pub fn passes(&self) -> bool {
        let passing = ["CLUSTERDOWN", "LOADING", "MASTERDOWN", "TRYAGAIN", "BUSY "];
        matches!(self, WireError::Refused(text) if passing.iter().any(|code| text.starts_with(code)))
    }

    /// The grouped reason. A server may repeat what it was sent, so secrets are masked here, before their digits are
    /// folded and nobody can know them again.
    pub fn reason(&self, secrets: &Redactor) -> Reason {
        match self {
            WireError::Io(error) => io_reason(error).unwrap_or_else(|| Reason::Other(fold(&error.to_string()))),
            WireError::Resolve(error) => Reason::Dns(Arc::clone(&error.0)),
            WireError::Closed => Reason::ConnectionClosed,
            WireError::Late(limit) => Reason::Timeout(*limit),
            WireError::Format(FormatError::Malformed(why)) => Reason::Malformed((*why).into()),
            WireError::Format(error @ (FormatError::TooLarge | FormatError::NotRedis(_))) => {
                Reason::Other(error.to_string().into())
            }
            WireError::Format(FormatError::Foreign(answer)) => {
                let error = FormatError::Foreign(fold_loose(&secrets.clip(answer, BEGINNING)));
                Reason::Other(error.to_string().into())
            }
            WireError::Refused(text) => Reason::Other(refusal(&secrets.mask(text))),
        }
    }

    /// The reason, and the error in its own words.
    pub fn failure(&self, secrets: &Redactor) -> (Reason, Example) {
        let text = match self {
            WireError::Format(FormatError::Foreign(answer)) => {
                FormatError::Foreign(secrets.clip(answer, BEGINNING)).to_string()
            }
            other => secrets.mask(&other.to_string()).into_owned(),
        };
        let detail = crate::clean::line(&text).into_owned();
        (self.reason(secrets), Example { detail, ..Example::default() })
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

/// Numbers become `N`, but for those that belong to a word of a protocol: `HTTP/1.1 400`, `SSH-2.0-OpenSSH_9.6`.
fn fold_loose(text: &str) -> String {
    let mut status = false;
    let folded = |word: &str| {
        let is_code = std::mem::replace(&mut status, word.starts_with("HTTP/")) && word.len() == 3;
        let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_code || is_word { word.to_owned() } else { fold(word).to_string() }
    };
    text.split(' ').map(folded).collect::<Vec<_>>().join(" ")
}

fn refusal(text: &str) -> Arc<str> {
    if let Some(why) = text.strip_prefix("NOPERM ") {
        // What is not allowed, without who it is not allowed to: that differs between versions, and is known.
        let from = why.find("o permissions").map_or(0, |at| at.saturating_sub(1));
        let what = why.get(from..).unwrap_or(why);
        return format!("{} (NOPERM, the user's access list)", fold(what)).into();
    }
    match KNOWN.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, words)) => (*words).into(),
        None => fold(text),
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
            (
                refused("NOPERM User bob has no permissions to run the 'get' command"),
                "no permissions to run the 'get' command (NOPERM, the user's access list)",
            ),
            (refused("NOPERM what else"), "what else (NOPERM, the user's access list)"),
            (WireError::Closed, "connection closed before the response was complete"),
            (FormatError::TooLarge.into(), "response larger than 16 MiB"),
            (FormatError::Foreign("HTTP/1.1 400".into()).into(), "not a Redis server: it answered \"HTTP/1.1 400\""),
            (FormatError::Foreign("220 x at 12:30".into()).into(), "not a Redis server: it answered \"N x at N:N\""),
            (FormatError::Malformed("x").into(), "malformed response: x"),
            (io::Error::from(io::ErrorKind::ConnectionRefused).into(), "connection refused"),
        ] {
            assert_eq!(error.reason(&Redactor::default()).to_string(), reason);
        }
    }

    #[test]
    fn a_password_that_is_given_back_is_masked_before_its_digits_are_folded() {
        let secrets = Redactor::new(["EchoPw1234"]);
        let text = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'EchoPw1234'";
        for error in [WireError::Refused(text.into()), FormatError::Foreign("HTTP/1.1 400 EchoPw1234".into()).into()] {
            let failure = format!("{:?}", error.failure(&secrets));
            assert!(failure.contains("***") && !failure.contains("EchoPw"), "{failure}");
        }
    }
}
