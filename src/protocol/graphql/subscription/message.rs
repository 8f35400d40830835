//! The messages of `graphql-transport-ws`, which are JSON objects with a `type`.

use crate::protocol::graphql::envelope::{Alien, alien, members, text};
use crate::scenario::secrets::Redactor;

/// Characters of what a server wrote that tell one failure from another.
const WORDS: usize = 60;
/// The id of the one operation of a connection, as it stands in messages.
const ID: &str = "\"1\"";

/// Bytes of a message of ours besides its payload, at most.
pub const AROUND: usize = 64;
/// Bytes of a ping's payload that are sent back; the response to a longer one has none, as the protocol allows.
pub const MOST_ECHOED: usize = 4 * 1024;

/// What a server says. Payloads are JSON as it stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The connection is acknowledged.
    Ack,
    /// An event.
    Next(&'a str),
    /// The operation has failed.
    Error(&'a str),
    /// The operation is over.
    Complete,
    /// To be answered with a pong and the same payload.
    Ping(Option<&'a str>),
    /// The answer to a ping, or a sign of life.
    Pong,
    /// Of another operation.
    Stranger,
}

impl<'a> Message<'a> {
    /// Reads a message; an error is what it is instead, in words that group failures.
    pub fn read(message: &'a str, secrets: &Redactor) -> Result<Self, String> {
        let [kind, id, payload] = members(message, ["type", "id", "payload"]).map_err(|error| {
            match alien(message, &error) {
                Alien::Empty => "an empty message",
                Alien::Truncated => "truncated JSON",
                Alien::List => "a list",
                Alien::Bare => "JSON, but not an object",
                _ => "a message that is not JSON",
            }
            .to_owned()
        })?;
        let Some(kind) = kind else { return Err("a message without a type".to_owned()) };
        let is_ours = id == Some(ID);
        let of_operation = |message: Option<Self>, name: &str| match message {
            _ if id.is_none() => Err(format!("`{name}` without an id")),
            _ if !is_ours => Ok(Message::Stranger),
            Some(message) => Ok(message),
            None => Err(format!("`{name}` without a payload")),
        };
        match kind {
            "\"next\"" => of_operation(payload.map(Message::Next), "next"),
            "\"error\"" => of_operation(payload.map(Message::Error), "error"),
            "\"complete\"" => of_operation(Some(Message::Complete), "complete"),
            "\"ping\"" => Ok(Message::Ping(payload)),
            "\"pong\"" => Ok(Message::Pong),
            "\"connection_ack\"" => Ok(Message::Ack),
            other => match text(other) {
                Some(name) => {
                    let name = secrets.clip(&name, WORDS);
                    Err(format!("a message of type `{}`", crate::clean::line(&name)))
                }
                None => Err("a message whose type is no text".to_owned()),
            },
        }
    }

    /// Its type.
    pub fn name(&self) -> &'static str {
        match self {
            Message::Ack => "connection_ack",
            Message::Next(_) => "next",
            Message::Error(_) => "error",
            Message::Complete => "complete",
            Message::Ping(_) => "ping",
            Message::Pong => "pong",
            Message::Stranger => "a message of another operation",
        }
    }
}

/// Begins the connection.
pub fn init(payload: Option<&[u8]>) -> String {
    with(r#"{"type":"connection_init""#, payload)
}

/// Begins the operation.
pub fn subscribe(payload: &[u8]) -> String {
    with(r#"{"id":"1","type":"subscribe""#, Some(payload))
}

/// Ends the operation.
pub fn complete() -> String {
    r#"{"id":"1","type":"complete"}"#.to_owned()
}

/// Answers a ping.
pub fn pong(payload: Option<&str>) -> String {
    let payload = payload.filter(|payload| payload.len() <= MOST_ECHOED);
    with(r#"{"type":"pong""#, payload.map(str::as_bytes))
}

fn with(head: &str, payload: Option<&[u8]>) -> String {
    match payload {
        // What we have rendered is JSON, which is UTF-8.
        Some(payload) => format!("{head},\"payload\":{}}}", String::from_utf8_lossy(payload)),
        None => format!("{head}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_read_or_named() {
        for (text, wanted) in [
            (r#"{"type":"connection_ack","payload":{"a":1}}"#, Ok(Message::Ack)),
            (r#"{"id":"1","type":"next","payload":{"data":1}}"#, Ok(Message::Next(r#"{"data":1}"#))),
            (r#"{"payload": [1] ,"type":"error","id":"1"}"#, Ok(Message::Error("[1]"))),
            (r#"{"id":"1","type":"complete"}"#, Ok(Message::Complete)),
            (r#"{"id":"2","type":"complete"}"#, Ok(Message::Stranger)),
            (r#"{"id":"2","type":"next","payload":{}}"#, Ok(Message::Stranger)),
            (r#"{"type":"ping"}"#, Ok(Message::Ping(None))),
            (r#"{"type":"ping","payload":{"t":1}}"#, Ok(Message::Ping(Some(r#"{"t":1}"#)))),
            (r#"{"type":"pong"}"#, Ok(Message::Pong)),
            (r#"{"type":"next","payload":{}}"#, Err("`next` without an id")),
            (r#"{"type":"next","id":"1"}"#, Err("`next` without a payload")),
            (r#"{"type":"data","id":"1"}"#, Err("a message of type `data`")),
            ("{\"type\":\"a\\nb\"}", Err("a message of type `a b`")),
            (r#"{"type":7}"#, Err("a message whose type is no text")),
            (r#"{"id":"1"}"#, Err("a message without a type")),
            ("[]", Err("a list")),
            ("nope", Err("a message that is not JSON")),
            (r#"{"type":"#, Err("truncated JSON")),
            ("", Err("an empty message")),
            ("7", Err("JSON, but not an object")),
        ] {
            assert_eq!(Message::read(text, &Redactor::default()), wanted.map_err(str::to_owned), "{text}");
        }
        let long = format!("{{\"type\":\"{}\"}}", "x".repeat(10_000));
        assert!(Message::read(&long, &Redactor::default()).expect_err("no such type").len() < 100);
    }

    #[test]
    fn what_we_say_is_as_the_protocol_wants_it() {
        assert_eq!(init(None), r#"{"type":"connection_init"}"#);
        assert_eq!(init(Some(br#"{"t":1}"#)), r#"{"type":"connection_init","payload":{"t":1}}"#);
        let subscribed = subscribe(br#"{"query":"subscription { a }"}"#);
        assert_eq!(subscribed, r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { a }"}}"#);
        assert_eq!(complete(), r#"{"id":"1","type":"complete"}"#);
        assert_eq!(pong(Some("{}")), r#"{"type":"pong","payload":{}}"#);
        let payload = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        assert_eq!(pong(Some(&payload(MOST_ECHOED + 1))), r#"{"type":"pong"}"#);
        for longest in [init(Some(&[b'1'; 100])), subscribe(&[b'1'; 100])] {
            assert!(longest.len() <= 100 + AROUND);
        }
        assert!(pong(Some(&payload(MOST_ECHOED))).len() <= MOST_ECHOED + AROUND);
    }
}
