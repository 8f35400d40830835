//! Opening a WebSocket: the user's own client carries the request, so that TLS, proxy, cookies and headers are those of
//! its other requests.
//!
//! In: a draft, and the protocol that shall be spoken. Out: a [`Socket`], or the reason why there is none.

mod socket;

use std::time::Duration;

use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, StatusCode, Version};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub use self::socket::{Broken, Received, Socket};
use super::client::UserClient;
use super::limits::kept_for_example;
use super::reqwest_client::reason;
use super::response::Response;
use super::trace::{by_reqwest, received};
use super::transfer::Transfer;
use crate::protocol::context::UserContext;
use crate::protocol::net::reason::example;
use crate::protocol::result::Check;
use crate::protocol::trace::TraceEvent;
use crate::scenario::eval::response::Headers as _;
use crate::scenario::plan::HttpStep;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// What the handshake says itself; a step that says it too is not heard.
const OWN: [HeaderName; 6] =
    [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS];
/// How long the page of a server that refuses may take: it is only an example.
const PAGE: Duration = Duration::from_secs(1);
/// Characters of what a server chose that tell one failure from another.
const CHOSEN: usize = 60;

/// What shall be spoken over a WebSocket.
#[derive(Debug, Clone, Copy)]
pub struct Subprotocol {
    /// Its name in the handshake.
    pub name: &'static str,
    /// Bytes of the longest text that is sent.
    pub longest: usize,
}

impl UserClient {
    /// Sends what was prepared from `step` as the request for a WebSocket. Times, and the failure if there is no
    /// WebSocket, go into the result of `transfer`. It takes as long as the server likes.
    pub async fn open_socket(
        &mut self,
        step: &HttpStep,
        wanted: Subprotocol,
        context: &dyn UserContext,
        transfer: &mut Transfer<'_>,
    ) -> Option<Socket> {
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
            sent.headers.retain(|(name, _)| !OWN.iter().any(|own| own.as_str() == name));
            sent.headers.extend(own.iter().map(|(name, value)| (name.to_string(), (*value).to_owned())));
            trace.trace(&TraceEvent::Sent(sent));
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
        if let Some(reason) = refusal(&head, &key, wanted.name, secrets) {
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

    /// Sends the request. The reply has a body where the server refuses.
    async fn upgrade(
        &mut self,
        step: &HttpStep,
        own: &[(HeaderName, &str)],
        transfer: &mut Transfer<'_>,
    ) -> reqwest::Result<(reqwest::Response, Response)> {
        let Transfer { started, result, .. } = transfer;
        let room = kept_for_example(self.secrets().reach());
        let (general, draft) = self.upgrading(step.client)?;
        let mut request = general.client().request(draft.method.clone(), &draft.url).version(Version::HTTP_11);
        for (name, value) in draft.headers(&step.fixed_headers).filter(|(name, _)| !OWN.contains(name)) {
            request = request.header(name, value);
        }
        for (name, value) in own {
            request = request.header(name, *value);
        }
        let answer = request.send().await;
        result.timings.connect = general.connected();
        let mut response = answer?;
        result.timings.first_byte = Some(started.elapsed());
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut body, mut bytes) = (Vec::new(), 0);
        if status != StatusCode::SWITCHING_PROTOCOLS {
            // What it says is worth a look; that it cannot say it is not the failure.
            let reading = async {
                while bytes <= room
                    && let Ok(Some(chunk)) = response.chunk().await
                {
                    bytes += chunk.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room - body.len())]);
                }
            };
            let _ = tokio::time::timeout(PAGE, reading).await;
        }
        result.bytes = bytes as u64;
        Ok((
            response,
            Response {
                status,
                headers: headers.into(),
                bytes: result.bytes,
                body,
                earlier: Vec::new(),
                is_packed: false,
            },
        ))
    }
}

/// Why there is no WebSocket, if there is none.
fn refusal(reply: &Response, key: &str, protocol: &str, secrets: &Redactor) -> Option<Reason> {
    if reply.status != StatusCode::SWITCHING_PROTOCOLS.as_u16() {
        return Some(Reason::UnexpectedStatus { got: reply.status, expected: "101".into() });
    }
    let headers = reply.headers.all();
    let why = if !says(headers, UPGRADE, "websocket") {
        "no Upgrade: websocket in the response".to_owned()
    } else if !says(headers, CONNECTION, "upgrade") {
        "no Connection: Upgrade in the response".to_owned()
    } else if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| *accept != derive_accept_key(key.as_bytes())) {
        "the Sec-WebSocket-Accept of the response is wrong".to_owned()
    } else if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        "the server chose an extension that was not offered".to_owned()
    } else {
        match headers.get(SEC_WEBSOCKET_PROTOCOL).map(|chosen| String::from_utf8_lossy(chosen.as_bytes())) {
            Some(chosen) if chosen == protocol => return None,
            Some(chosen) => {
                let chosen = secrets.clip(&chosen, CHOSEN);
                format!("the server chose {chosen}, not {protocol}")
            }
            None => format!("the server did not choose {protocol}"),
        }
    };
    Some(Reason::Answer { class: "no WebSocket", what: why.into() })
}

/// Whether a header has this among its words, as which case does not count.
fn says(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_right_in_every_part_or_refused() {
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
            let reply = Response {
                status,
                headers: headers.into(),
                body: Vec::new(),
                bytes: 0,
                earlier: Vec::new(),
                is_packed: false,
            };
            refusal(&reply, KEY, "graphql-transport-ws", &Redactor::default()).map(|reason| reason.to_string())
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
            (101, "-transport", "", "no WebSocket: the server chose graphql-ws, not graphql-transport-ws"),
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
