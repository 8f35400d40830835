//! The messages of `graphql-transport-ws`, which are JSON objects with a `type`.

use crate::protocol::graphql::envelope::{InvalidResponse, invalid_response, members, text};
use crate::scenario::secrets::Redactor;

/// Characters of a server's `type` that failures are grouped by.
const MAX_TYPE: usize = 60;
/// The protocol that `graphql-transport-ws` replaced. Its subprotocol has the name of today's library.
pub const LEGACY: &str = "older protocol graphql-ws (subscriptions-transport-ws)";
/// What only servers of that protocol send.
const LEGACY_TYPES: [&str; 4] = ["connection_error", "connection_keep_alive", "data", "ka"];
/// The id of the only operation of a connection, as raw JSON.
const ID: &str = "\"1\"";

/// Maximum bytes of an outgoing message in addition to its payload.
pub const MAX_OVERHEAD: usize = 64;
/// Maximum bytes of a ping's payload that are echoed; the pong to a longer one has no payload, as the protocol allows.
pub const MAX_ECHOED: usize = 4 * 1024;

/// A message from the server. Payloads are raw JSON.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerMessage<'a> {
    /// `connection_ack`.
    Ack,
    Next(&'a str),
    /// The operation failed.
    Error(&'a str),
    /// The operation is complete.
    Complete,
    /// Requires a pong, to which we copy the payload.
    Ping(Option<&'a str>),
    /// A pong, requested or not.
    Pong,
    /// A message of another operation.
    OtherOperation,
}

impl<'a> ServerMessage<'a> {
    /// Parses a message. The error describes what was received instead, and groups failures.
    pub fn read(message: &'a str, secrets: &Redactor) -> Result<Self, String> {
        let [kind, id, payload] = members(message, ["type", "id", "payload"]).map_err(|error| {
            match invalid_response(message, &error) {
                InvalidResponse::Empty => "an empty message",
                InvalidResponse::Truncated => "truncated JSON",
                InvalidResponse::List => "a list",
                InvalidResponse::Scalar => "JSON, but not an object",
                _ => "a message that is not JSON",
            }
            .to_owned()
        })?;
        let Some(kind) = kind else { return Err("a message without a type".to_owned()) };
        let is_ours = id == Some(ID);
        let of_operation = |message: Option<Self>, name: &str| match message {
            _ if id.is_none() => Err(format!("`{name}` without an id")),
            _ if !is_ours => Ok(ServerMessage::OtherOperation),
            Some(message) => Ok(message),
            None => Err(format!("`{name}` without a payload")),
        };
        match kind {
            "\"next\"" => of_operation(payload.map(ServerMessage::Next), "next"),
            "\"error\"" => of_operation(payload.map(ServerMessage::Error), "error"),
            "\"complete\"" => of_operation(Some(ServerMessage::Complete), "complete"),
            "\"ping\"" => Ok(ServerMessage::Ping(payload)),
            "\"pong\"" => Ok(ServerMessage::Pong),
            "\"connection_ack\"" => Ok(ServerMessage::Ack),
            other => match text(other) {
                Some(name) if LEGACY_TYPES.contains(&&*name) => Err(format!("a message `{name}` of the {LEGACY}")),
                Some(name) => {
                    let name = secrets.clip(&name, MAX_TYPE);
                    Err(format!("a message of type `{}`", crate::clean::line(&name)))
                }
                None => Err("a message whose type is not a string".to_owned()),
            },
        }
    }

    /// The type of the message.
    pub fn name(&self) -> &'static str {
        match self {
            ServerMessage::Ack => "connection_ack",
            ServerMessage::Next(_) => "next",
            ServerMessage::Error(_) => "error",
            ServerMessage::Complete => "complete",
            ServerMessage::Ping(_) => "ping",
            ServerMessage::Pong => "pong",
            ServerMessage::OtherOperation => "a message of another operation",
        }
    }
}

/// Initialises the connection.
pub fn init(payload: Option<&[u8]>) -> String {
    with(r#"{"type":"connection_init""#, payload)
}

/// Starts the operation.
pub fn subscribe(payload: &[u8]) -> String {
    with(r#"{"id":"1","type":"subscribe""#, Some(payload))
}

/// Stops the operation.
pub fn complete() -> String {
    r#"{"id":"1","type":"complete"}"#.to_owned()
}

/// Responds to a ping.
pub fn pong(payload: Option<&str>) -> String {
    let payload = payload.filter(|payload| payload.len() <= MAX_ECHOED);
    with(r#"{"type":"pong""#, payload.map(str::as_bytes))
}

fn with(head: &str, payload: Option<&[u8]>) -> String {
    match payload {
        // The payload is JSON that we rendered, so it is UTF-8.
        Some(payload) => format!("{head},\"payload\":{}}}", String::from_utf8_lossy(payload)),
        None => format!("{head}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_messages_are_parsed_or_described() {
        for (text, wanted) in [
            (r#"{"type":"connection_ack","payload":{"a":1}}"#, Ok(ServerMessage::Ack)),
            (r#"{"id":"1","type":"next","payload":{"data":1}}"#, Ok(ServerMessage::Next(r#"{"data":1}"#))),
            (r#"{"payload": [1] ,"type":"error","id":"1"}"#, Ok(ServerMessage::Error("[1]"))),
            (r#"{"id":"1","type":"complete"}"#, Ok(ServerMessage::Complete)),
            (r#"{"id":"2","type":"complete"}"#, Ok(ServerMessage::OtherOperation)),
            (r#"{"id":"2","type":"next","payload":{}}"#, Ok(ServerMessage::OtherOperation)),
            (r#"{"type":"ping"}"#, Ok(ServerMessage::Ping(None))),
            (r#"{"type":"ping","payload":{"t":1}}"#, Ok(ServerMessage::Ping(Some(r#"{"t":1}"#)))),
            (r#"{"type":"pong"}"#, Ok(ServerMessage::Pong)),
            (r#"{"type":"next","payload":{}}"#, Err("`next` without an id")),
            (r#"{"type":"next","id":"1"}"#, Err("`next` without a payload")),
            (
                r#"{"type":"data","id":"1"}"#,
                Err("a message `data` of the older protocol graphql-ws (subscriptions-transport-ws)"),
            ),
            (r#"{"type":"ka"}"#, Err("a message `ka` of the older protocol graphql-ws (subscriptions-transport-ws)")),
            (r#"{"type":"start","id":"1"}"#, Err("a message of type `start`")),
            ("{\"type\":\"a\\nb\"}", Err("a message of type `a b`")),
            (r#"{"type":7}"#, Err("a message whose type is not a string")),
            (r#"{"id":"1"}"#, Err("a message without a type")),
            ("[]", Err("a list")),
            ("nope", Err("a message that is not JSON")),
            (r#"{"type":"#, Err("truncated JSON")),
            ("", Err("an empty message")),
            ("7", Err("JSON, but not an object")),
        ] {
            assert_eq!(ServerMessage::read(text, &Redactor::default()), wanted.map_err(str::to_owned), "{text}");
        }
        let long = format!("{{\"type\":\"{}\"}}", "x".repeat(10_000));
        assert!(ServerMessage::read(&long, &Redactor::default()).expect_err("no such type").len() < 100);
    }

    #[test]
    fn outgoing_messages_follow_the_protocol() {
        assert_eq!(init(None), r#"{"type":"connection_init"}"#);
        assert_eq!(init(Some(br#"{"t":1}"#)), r#"{"type":"connection_init","payload":{"t":1}}"#);
        let subscribed = subscribe(br#"{"query":"subscription { a }"}"#);
        assert_eq!(subscribed, r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { a }"}}"#);
        assert_eq!(complete(), r#"{"id":"1","type":"complete"}"#);
        assert_eq!(pong(Some("{}")), r#"{"type":"pong","payload":{}}"#);
        let payload = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        assert_eq!(pong(Some(&payload(MAX_ECHOED + 1))), r#"{"type":"pong"}"#);
        for longest in [init(Some(&[b'1'; 100])), subscribe(&[b'1'; 100])] {
            assert!(longest.len() <= 100 + MAX_OVERHEAD);
        }
        assert!(pong(Some(&payload(MAX_ECHOED))).len() <= MAX_ECHOED + MAX_OVERHEAD);
    }
}
