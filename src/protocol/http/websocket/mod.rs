//! Opens WebSockets with the user's HTTP client, so that TLS, proxy, cookies and headers are the same as for other
//! requests.
//!
//! In: a draft and a subprotocol. Out: a [`Socket`], or a failure.

mod socket;

use std::time::Duration;

use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, StatusCode, Version};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub use self::socket::{Socket, SocketError, SocketMessage};
use super::client::HttpClient;
use super::limits::example_bytes;
use super::reqwest_client::reason;
use super::response::Response;
use super::trace::{by_reqwest, received};
use super::traceparent::TRACEPARENT;
use super::transfer::Transfer;
use crate::protocol::context::UserContext;
use crate::protocol::net::reason::example;
use crate::protocol::result::Check;
use crate::protocol::trace::TraceEvent;
use crate::scenario::eval::response::Headers as _;
use crate::scenario::plan::HttpStep;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// Headers set by the handshake; those of the step are ignored.
const HANDSHAKE_HEADERS: [HeaderName; 6] =
    [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS];
/// Time-out for the body of a response that rejects the handshake: it is only an example.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum characters of a server's subprotocol in a failure.
const MAX_CHOSEN: usize = 60;

/// The protocol to speak over a WebSocket.
#[derive(Debug, Clone, Copy)]
pub struct Subprotocol {
    /// Name in the handshake.
    pub name: &'static str,
    /// A protocol that is often confused with it, and what to call that one.
    pub other: (&'static str, &'static str),
    /// Bytes of the longest message that is sent.
    pub longest: usize,
}

impl HttpClient {
    /// Sends the prepared request as a WebSocket handshake. Timings, and the failure if there is no WebSocket, are
    /// stored in the result of `transfer`. Has no time-out of its own.
    pub async fn open_socket(
        &mut self,
        step: &HttpStep,
        wanted: Subprotocol,
        context: &dyn UserContext,
        transfer: &mut Transfer<'_>,
    ) -> Option<Socket> {
        transfer.result.trace = self.draft.start_trace(&step.fixed_headers);
        let key = generate_key();
        let own = [
            (CONNECTION, "Upgrade"),
            (UPGRADE, "websocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, key.as_str()),
            (SEC_WEBSOCKET_PROTOCOL, wanted.name),
        ];
        if let Some(trace) = context.trace() {
            let cookies = self.cookies();
            let mut sent = by_reqwest(&self.draft, &step.fixed_headers, cookies.as_ref());
            sent.headers.retain(|(name, _)| !HANDSHAKE_HEADERS.iter().any(|own| own.as_str() == name));
            sent.headers.extend(own.iter().map(|(name, value)| (name.to_string(), (*value).to_owned())));
            trace.trace(&TraceEvent::SentRequest(sent));
        }
        let opened = self.upgrade(step, &own, transfer).await;
        let Transfer { started, result, .. } = transfer;
        let (response, head) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                result.fail(reason(&error, self.secrets()), example(&error));
                return None;
            }
        };
        if let Some(trace) = context.trace() {
            result.timings.service = started.elapsed();
            trace.trace(&received(&head, result));
        }
        let secrets = self.secrets();
        if let Some(reason) = refusal(&head, &key, wanted, secrets) {
            if let Reason::UnexpectedStatus { got, expected } = &reason {
                let words = || format!("status {expected}").into();
                result.check(|| Check { words: words(), got: Some(got.to_string()) });
            }
            result.fail(reason, head.example(String::new(), secrets));
            return None;
        }
        match response.upgrade().await {
            Ok(stream) => Some(Socket::new(stream, wanted.longest).await),
            Err(error) => {
                result.fail(reason(&error, secrets), example(&error));
                None
            }
        }
    }

    /// Sends the request. The response has a body only if the server rejects the handshake.
    async fn upgrade(
        &mut self,
        step: &HttpStep,
        own: &[(HeaderName, &str)],
        transfer: &mut Transfer<'_>,
    ) -> reqwest::Result<(reqwest::Response, Response)> {
        let Transfer { started, result, .. } = transfer;
        let room = example_bytes(self.secrets().reach());
        let (general, draft) = self.websocket_client(step.client)?;
        let mut request = general.client().request(draft.method.clone(), &draft.url).version(Version::HTTP_11);
        for (name, value) in draft.headers(&step.fixed_headers).filter(|(name, _)| !HANDSHAKE_HEADERS.contains(name)) {
            request = request.header(name, value);
        }
        if let Some(traceparent) = draft.traceparent() {
            request = request.header(TRACEPARENT, traceparent);
        }
        for (name, value) in own {
            request = request.header(name, *value);
        }
        let sent = request.send().await;
        result.timings.connect = general.connected();
        let mut response = sent?;
        result.timings.first_byte = Some(started.elapsed());
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut body, mut bytes) = (Vec::new(), 0);
        if status != StatusCode::SWITCHING_PROTOCOLS {
            // Only an example: failing to read it does not matter.
            let reading = async {
                while bytes <= room
                    && let Ok(Some(chunk)) = response.chunk().await
                {
                    bytes += chunk.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room - body.len())]);
                }
            };
            let _ = tokio::time::timeout(BODY_TIMEOUT, reading).await;
        }
        result.bytes = bytes as u64;
        Ok((
            response,
            Response {
                status,
                headers: headers.into(),
                bytes: result.bytes,
                body,
                redirect_cookies: Vec::new(),
                has_unknown_coding: false,
                is_kept: true,
            },
        ))
    }
}

/// Why the handshake failed, if it did.
fn refusal(response: &Response, key: &str, wanted: Subprotocol, secrets: &Redactor) -> Option<Reason> {
    if response.status != StatusCode::SWITCHING_PROTOCOLS.as_u16() {
        return Some(Reason::UnexpectedStatus { got: response.status, expected: "101".into() });
    }
    let headers = response.headers.all();
    let Subprotocol { name: protocol, other: (other, words), .. } = wanted;
    let why = if !has_token(headers, UPGRADE, "websocket") {
        "no Upgrade: websocket in the response".to_owned()
    } else if !has_token(headers, CONNECTION, "upgrade") {
        "no Connection: Upgrade in the response".to_owned()
    } else if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| *accept != derive_accept_key(key.as_bytes())) {
        "the Sec-WebSocket-Accept of the response is wrong".to_owned()
    } else if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        "the server chose an extension that was not offered".to_owned()
    } else {
        match headers.get(SEC_WEBSOCKET_PROTOCOL).map(|chosen| String::from_utf8_lossy(chosen.as_bytes())) {
            Some(chosen) if chosen == protocol => return None,
            Some(chosen) if chosen == other => format!("the server chose the {words}, not {protocol}"),
            Some(chosen) => {
                let chosen = secrets.clip(&chosen, MAX_CHOSEN);
                format!("the server chose {chosen}, not {protocol}")
            }
            None => format!("the server did not choose {protocol}"),
        }
    };
    Some(Reason::Answer { class: "no WebSocket", what: why.into() })
}

/// Whether a header contains this token, ignoring case.
fn has_token(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_handshakes_are_rejected() {
        // The example of RFC 6455.
        const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
        const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        const GOOD: &str = "Upgrade: WebSocket|Connection: keep-alive, upgrade|Sec-WebSocket-Accept: ACCEPT|\
                            Sec-WebSocket-Protocol: graphql-transport-ws";
        let judged = |status: u16, lines: &str| {
            let mut headers = HeaderMap::new();
            for line in lines.split('|') {
                let (name, value) = line.split_once(": ").expect("a header");
                let name = HeaderName::try_from(name.to_ascii_lowercase()).expect("a name");
                headers.append(name, value.replace("ACCEPT", ACCEPT).parse().expect("a value"));
            }
            let response = Response {
                status,
                headers: headers.into(),
                body: Vec::new(),
                bytes: 0,
                redirect_cookies: Vec::new(),
                has_unknown_coding: false,
                is_kept: true,
            };
            let other = ("graphql-ws", "older protocol graphql-ws");
            let wanted = Subprotocol { name: "graphql-transport-ws", other, longest: 0 };
            refusal(&response, KEY, wanted, &Redactor::default()).map(|reason| reason.to_string())
        };
        assert_eq!(judged(101, GOOD), None);
        for (status, from, to, wanted) in [
            (200, "", "", "expected status 101, got 200"),
            (101, "WebSocket|", "h2c|", "no WebSocket: no Upgrade: websocket in the response"),
            (101, "keep-alive, upgrade", "close", "no WebSocket: no Connection: Upgrade in the response"),
            (101, "ACCEPT", "x3pP", "no WebSocket: the Sec-WebSocket-Accept of the response is wrong"),
            (
                101,
                "-Protocol: graphql-transport-ws",
                "-X: y",
                "no WebSocket: the server did not choose graphql-transport-ws",
            ),
            (
                101,
                "-transport",
                "",
                "no WebSocket: the server chose the older protocol graphql-ws, not graphql-transport-ws",
            ),
            (101, "-transport-ws", "", "no WebSocket: the server chose graphql, not graphql-transport-ws"),
            (
                101,
                "Upgrade: ",
                "Sec-WebSocket-Extensions: permessage-deflate|Upgrade: ",
                "no WebSocket: the server chose an extension that was not offered",
            ),
        ] {
            assert_eq!(judged(status, &GOOD.replacen(from, to, 1)).as_deref(), Some(wanted));
        }
    }
}
