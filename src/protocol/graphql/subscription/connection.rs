//! A WebSocket that speaks `graphql-transport-ws`, with one operation on it, and its events.

use http::HeaderMap;
use std::ops::Range;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::message::{self, ServerMessage};
use crate::protocol::context::UserContext;
use crate::protocol::evaluate::{self, Rules, Views};
use crate::protocol::graphql::business::{self, UNREADABLE};
use crate::protocol::graphql::outcome::{self, GraphqlOutcome, GraphqlResponse};
use crate::protocol::http::{HttpClient, Socket, SocketError, SocketMessage, Subprotocol, Transfer};
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::ResponseView;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::SubscriptionStep;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};
use crate::units;

/// Subprotocol of the handshake.
const PROTOCOL: &str = "graphql-transport-ws";
/// Close code of RFC 6455 for a violation of the protocol.
const PROTOCOL_ERROR: u16 = 1002;
/// Characters of a message that an example keeps.
const MAX_EXAMPLE: usize = 4_096;

/// A connection that the server has acknowledged.
#[derive(Debug)]
pub struct GraphqlConnection {
    socket: Socket,
    secrets: Arc<Redactor>,
}

/// What the server sends, or how the operation ends.
#[derive(Debug)]
pub enum Next {
    SubscriptionEvent(SubscriptionEvent),
    /// The operation is complete.
    Complete,
    /// The server ended the operation with errors.
    Refused(SubscriptionEvent),
    /// The connection failed, or the server violated the protocol.
    SocketError(Reason, Example),
}

/// The payload of a `next` or `error` message.
#[derive(Debug)]
pub struct SubscriptionEvent {
    text: Utf8Bytes,
    payload: Range<usize>,
}

/// How to close a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseMode {
    /// The operation is still running: send `complete`, close with 1000.
    Unfinished,
    /// The operation is over: close with 1000.
    Finished,
    /// The server violated the protocol: close with 4400.
    Invalid,
}

/// The payloads sent over a new connection.
#[derive(Debug, Clone, Copy)]
pub struct HandshakePayloads<'a> {
    /// The payload of `connection_init`.
    pub params: Option<&'a [u8]>,
    /// The payload of [`GraphqlConnection::subscribe`]; only its length is used here, to size the buffer.
    pub payload: &'a [u8],
}

/// Opens a WebSocket with the prepared request, and waits until the server acknowledges the connection.
pub async fn connect(
    client: &mut HttpClient,
    step: &SubscriptionStep,
    payloads: HandshakePayloads<'_>,
    context: &dyn UserContext,
    result: &mut StepResult,
) -> Option<GraphqlConnection> {
    let limit = step.http.timeout;
    let secrets = Arc::clone(client.secrets());
    let mut transfer = Transfer::begin(result);
    let started = transfer.started();
    let mut socket = None;
    let opening = async {
        let HandshakePayloads { params, payload } = payloads;
        let longest = params.map_or(0, <[u8]>::len).max(payload.len()).max(message::MAX_ECHOED) + message::MAX_OVERHEAD;
        let wanted = Subprotocol { name: PROTOCOL, other: ("graphql-ws", message::LEGACY), longest };
        socket = Some(client.open_socket(&step.http, wanted, context, &mut transfer).await?);
        let socket = socket.as_mut()?;
        match acknowledged(socket, params, &secrets).await {
            Ok(bytes) => transfer.result.bytes = bytes,
            Err(SocketError(reason, example)) => transfer.result.fail(reason, example),
        }
        Some(())
    };
    let ended = tokio::time::timeout_at((started + limit).into(), opening).await;
    result.timings.service = started.elapsed();
    if ended.is_err() {
        result.time_out(limit);
        if socket.is_some() {
            let reason = Reason::Other(format!("no connection_ack within {}", units::plain(limit)).into());
            result.fail(reason, Example::default());
        }
    }
    let connection = GraphqlConnection { socket: socket?, secrets };
    if result.failure().is_some() {
        connection.leave(if ended.is_err() { CloseMode::Finished } else { CloseMode::Invalid }).await;
        return None;
    }
    Some(connection)
}

/// Sends `connection_init` and waits for the acknowledgement; returns its size in bytes.
async fn acknowledged(socket: &mut Socket, params: Option<&[u8]>, secrets: &Redactor) -> Result<u64, SocketError> {
    socket.send(message::init(params)).await?;
    loop {
        let text = text(socket, Phase::Opening, secrets).await?;
        match ServerMessage::read(&text, secrets) {
            Ok(ServerMessage::Ack) => return Ok(text.len() as u64),
            Ok(ServerMessage::Ping(payload)) => {
                let pong = message::pong(payload);
                socket.send(pong).await?;
            }
            Ok(ServerMessage::Pong | ServerMessage::OtherOperation) => {}
            Ok(other) => {
                return Err(protocol_violation(&format!("`{}` before connection_ack", other.name()), &text, secrets));
            }
            Err(what) => return Err(protocol_violation(&what, &text, secrets)),
        }
    }
}

impl GraphqlConnection {
    /// Starts the operation; `payload` is JSON.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn subscribe(&mut self, payload: &[u8]) -> Result<(), (Reason, Example)> {
        self.socket.send(message::subscribe(payload)).await.map_err(|SocketError(reason, example)| (reason, example))
    }

    /// Waits for the next event or the end. Cancel safe: no message is lost.
    pub async fn next(&mut self) -> Next {
        self.next_message().await.unwrap_or_else(|SocketError(reason, example)| Next::SocketError(reason, example))
    }

    async fn next_message(&mut self) -> Result<Next, SocketError> {
        loop {
            let text = text(&mut self.socket, Phase::Listening, &self.secrets).await?;
            let at = |payload: &str| {
                let start = payload.as_ptr() as usize - text.as_ptr() as usize;
                start..start + payload.len()
            };
            match ServerMessage::read(&text, &self.secrets) {
                Ok(ServerMessage::Next(payload)) => {
                    let payload = at(payload);
                    return Ok(Next::SubscriptionEvent(SubscriptionEvent { text, payload }));
                }
                Ok(ServerMessage::Error(payload)) => {
                    let payload = at(payload);
                    return Ok(Next::Refused(SubscriptionEvent { text, payload }));
                }
                Ok(ServerMessage::Complete) => return Ok(Next::Complete),
                Ok(ServerMessage::Ping(payload)) => {
                    let pong = message::pong(payload);
                    self.socket.send(pong).await?;
                }
                // The protocol allows messages of operations that the client does not know.
                Ok(ServerMessage::Pong | ServerMessage::OtherOperation) => {}
                Ok(ServerMessage::Ack) => {
                    return Err(protocol_violation("a second connection_ack", &text, &self.secrets));
                }
                Err(what) => return Err(protocol_violation(&what, &text, &self.secrets)),
            }
        }
    }

    /// Closes the connection; sends a last message if the server still reads.
    pub async fn leave(self, how: CloseMode) {
        let (last, code) = match how {
            CloseMode::Unfinished => (Some(message::complete()), 1000),
            CloseMode::Finished => (None, 1000),
            CloseMode::Invalid => (None, 4400),
        };
        self.socket.finish(last, code).await;
    }
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not acknowledged yet.
    Opening,
    /// Acknowledged.
    Listening,
}

/// Receives the next text message.
async fn text(socket: &mut Socket, phase: Phase, secrets: &Redactor) -> Result<Utf8Bytes, SocketError> {
    match socket.receive().await? {
        // How servers of the older protocol refuse this one, if they do not say so in the handshake.
        SocketMessage::Closed(Some((PROTOCOL_ERROR, _))) if phase == Phase::Opening => Err(maybe_legacy()),
        SocketMessage::Text(text) => Ok(text),
        SocketMessage::Binary => Err(protocol_violation("a binary message", "", secrets)),
        SocketMessage::Closed(None) => {
            Err(SocketError(Reason::Other("closed without a code".into()), Example::default()))
        }
        SocketMessage::Closed(Some((code, words))) => {
            let words = secrets.fold(words.trim());
            Err(SocketError(Reason::Other(format!("closed {code} {words}").trim_end().into()), Example::default()))
        }
    }
}

/// The error for a server that closes instead of acknowledging the connection.
fn maybe_legacy() -> SocketError {
    let what = format!("closed {PROTOCOL_ERROR} before connection_ack, as servers of the {} do", message::LEGACY);
    SocketError(Reason::Answer { class: "not graphql-transport-ws", what: what.into() }, Example::default())
}

/// The error for a message that violates the protocol.
fn protocol_violation(what: &str, text: &str, secrets: &Redactor) -> SocketError {
    let example = example(text, String::new(), secrets);
    SocketError(Reason::Answer { class: "not graphql-transport-ws", what: what.into() }, example)
}

fn example(text: &str, detail: String, secrets: &Redactor) -> Example {
    Example { body: secrets.clip(text, MAX_EXAMPLE), detail, ..Example::default() }
}

impl SubscriptionEvent {
    /// The payload as raw JSON.
    pub fn payload(&self) -> &str {
        self.text.get(self.payload.clone()).unwrap_or_default()
    }

    /// Evaluates the event into `result`, whose timings are set; captures of the first event go into `scope`.
    pub fn evaluate(&self, step: &SubscriptionStep, is_first: bool, scope: &mut Scope, result: &mut StepResult) {
        let captures = if is_first { &step.http.captures[..] } else { &[] };
        let payload = self.payload();
        let failure = match outcome::read(payload.as_bytes(), &scope.secrets) {
            Ok(GraphqlResponse { outcome, cost }) => {
                result.cost = cost.map(Box::new);
                self.refused(step, outcome, &scope.secrets)
            }
            Err(invalid_response) => {
                let what = invalid_response.what(None, &scope.secrets).into();
                let reason = Reason::Answer { class: "not a GraphQL response", what };
                Some((reason, example(payload, invalid_response.detail(), &scope.secrets)))
            }
        };
        if let Some((reason, example)) = failure {
            capture::reset(captures, scope);
            return result.fail(reason, example);
        }
        let expects = &step.http.expects[..];
        if expects.is_empty() && captures.is_empty() && step.business_errors.is_none() {
            return;
        }
        let headers = HeaderMap::new();
        let view = ResponseView::new(200, result.timings.service, &headers, payload.as_bytes());
        if let Some(path) = &step.business_errors {
            let failure = match view.json() {
                Some(json) => business::find(path, json, &scope.secrets)
                    .map(|error| (error.reason(), example(payload, error.detail, &scope.secrets))),
                None if view.evaluation_error().is_some() => None,
                None => {
                    let reason = Reason::Answer { class: UNREADABLE, what: view.not_json().into() };
                    Some((reason, example(payload, String::new(), &scope.secrets)))
                }
            };
            if let Some((reason, example)) = failure {
                capture::reset(captures, scope);
                return result.fail(reason, example);
            }
            if let Some(error) = view.evaluation_error() {
                return result.fail_if(Some(evaluate::not_evaluated(error, captures, scope)));
            }
        }
        let (rules, views) = (Rules { expects, captures }, Views { json: &view, plain: &view });
        let example = |detail: String, secrets: &Redactor| example(payload, detail, secrets);
        let failure = evaluate::evaluate(rules, views, scope, result.details.as_deref_mut(), example);
        result.fail_if(failure);
    }

    /// The failure of an `error` message, unless the step's policy ignores it.
    pub fn refusal(&self, step: &SubscriptionStep, secrets: &Redactor) -> Option<(Reason, Example)> {
        self.refused(step, outcome::refusal(self.payload(), secrets), secrets)
    }

    fn refused(
        &self,
        step: &SubscriptionStep,
        outcome: GraphqlOutcome,
        secrets: &Redactor,
    ) -> Option<(Reason, Example)> {
        let GraphqlOutcome::Errors { class, what, detail } = outcome else { return None };
        let failure = || (Reason::Answer { class: class.words(), what }, example(self.payload(), detail, secrets));
        class.fails(step.errors).then(failure)
    }
}
