//! One WebSocket that speaks `graphql-transport-ws`, one operation on it, and its events.

use http::HeaderMap;
use std::ops::Range;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::message::{self, Message};
use crate::protocol::context::UserContext;
use crate::protocol::evaluate::{self, Rules, Views};
use crate::protocol::graphql::business::{self, UNREADABLE};
use crate::protocol::graphql::outcome::{self, Answer, Outcome};
use crate::protocol::http::{Broken, Received, Socket, Subprotocol, Transfer, UserClient};
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::ResponseView;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::SubscriptionStep;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};
use crate::units;

/// The protocol's name in the handshake.
const PROTOCOL: &str = "graphql-transport-ws";
/// Characters of a message that are kept as an example.
const EXAMPLE: usize = 4_096;

/// An acknowledged connection.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    secrets: Arc<Redactor>,
}

/// What comes of a subscription.
#[derive(Debug)]
pub enum Next {
    /// An event.
    Event(Event),
    /// The server has no more.
    Complete,
    /// The server ends the operation with errors.
    Refused(Event),
    /// The connection, or what came over it, is no good.
    Broken(Reason, Example),
}

/// The payload of a message.
#[derive(Debug)]
pub struct Event {
    text: Utf8Bytes,
    payload: Range<usize>,
}

/// How a connection is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// The operation goes on: the server is told to end it.
    Unfinished,
    /// The operation is over.
    Finished,
    /// The server does not keep to the protocol.
    Invalid,
}

/// What is said when a connection begins.
#[derive(Debug, Clone, Copy)]
pub struct Greeting<'a> {
    /// The payload of `connection_init`.
    pub params: Option<&'a [u8]>,
    /// The payload of [`Connection::subscribe`], for its length.
    pub payload: &'a [u8],
}

/// Opens a WebSocket by what was prepared from `step`, and waits until the server acknowledges the connection.
pub async fn connect(
    client: &mut UserClient,
    step: &SubscriptionStep,
    greeting: Greeting<'_>,
    context: &dyn UserContext,
    result: &mut StepResult,
) -> Option<Connection> {
    let limit = step.http.timeout;
    let secrets = Arc::clone(client.secrets());
    let mut transfer = Transfer::begin(result);
    let started = transfer.started();
    let mut socket = None;
    let opening = async {
        let Greeting { params, payload } = greeting;
        let longest = params.map_or(0, <[u8]>::len).max(payload.len()).max(message::MOST_ECHOED) + message::AROUND;
        let wanted = Subprotocol { name: PROTOCOL, longest };
        socket = Some(client.open_socket(&step.http, wanted, context, &mut transfer).await?);
        let socket = socket.as_mut()?;
        match acknowledged(socket, params, &secrets).await {
            Ok(bytes) => transfer.result.bytes = bytes,
            Err(Broken(reason, example)) => transfer.result.fail(reason, example),
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
    let connection = Connection { socket: socket?, secrets };
    if result.failure().is_some() {
        connection.leave(if ended.is_err() { Leave::Finished } else { Leave::Invalid }).await;
        return None;
    }
    Some(connection)
}

/// Initialises the connection; the size of the server's acknowledgement.
async fn acknowledged(socket: &mut Socket, params: Option<&[u8]>, secrets: &Redactor) -> Result<u64, Broken> {
    socket.send(message::init(params)).await?;
    loop {
        let text = text(socket, secrets).await?;
        match Message::read(&text, secrets) {
            Ok(Message::Ack) => return Ok(text.len() as u64),
            Ok(Message::Ping(payload)) => {
                let pong = message::pong(payload);
                socket.send(pong).await?;
            }
            Ok(Message::Pong | Message::Stranger) => {}
            Ok(other) => return Err(alien(&format!("`{}` before connection_ack", other.name()), &text, secrets)),
            Err(what) => return Err(alien(&what, &text, secrets)),
        }
    }
}

impl Connection {
    /// Asks for the operation; `payload` is its JSON.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn subscribe(&mut self, payload: &[u8]) -> Result<(), (Reason, Example)> {
        self.socket.send(message::subscribe(payload)).await.map_err(|Broken(reason, example)| (reason, example))
    }

    /// What comes next. May be given up at any time: nothing is lost.
    pub async fn next(&mut self) -> Next {
        self.coming().await.unwrap_or_else(|Broken(reason, example)| Next::Broken(reason, example))
    }

    async fn coming(&mut self) -> Result<Next, Broken> {
        loop {
            let text = text(&mut self.socket, &self.secrets).await?;
            let at = |payload: &str| {
                let start = payload.as_ptr() as usize - text.as_ptr() as usize;
                start..start + payload.len()
            };
            match Message::read(&text, &self.secrets) {
                Ok(Message::Next(payload)) => {
                    let payload = at(payload);
                    return Ok(Next::Event(Event { text, payload }));
                }
                Ok(Message::Error(payload)) => {
                    let payload = at(payload);
                    return Ok(Next::Refused(Event { text, payload }));
                }
                Ok(Message::Complete) => return Ok(Next::Complete),
                Ok(Message::Ping(payload)) => {
                    let pong = message::pong(payload);
                    self.socket.send(pong).await?;
                }
                // Messages of operations that the client does not know are no error.
                Ok(Message::Pong | Message::Stranger) => {}
                Ok(Message::Ack) => return Err(alien("a second connection_ack", &text, &self.secrets)),
                Err(what) => return Err(alien(&what, &text, &self.secrets)),
            }
        }
    }

    /// Leaves; says goodbye as far as the server listens.
    pub async fn leave(self, how: Leave) {
        let (last, code) = match how {
            Leave::Unfinished => (Some(message::complete()), 1000),
            Leave::Finished => (None, 1000),
            Leave::Invalid => (None, 4400),
        };
        self.socket.finish(last, code).await;
    }
}

/// The next text message.
async fn text(socket: &mut Socket, secrets: &Redactor) -> Result<Utf8Bytes, Broken> {
    match socket.receive().await? {
        Received::Text(text) => Ok(text),
        Received::Binary => Err(alien("a binary message", "", secrets)),
        Received::Closed(None) => Err(Broken(Reason::Other("closed without a code".into()), Example::default())),
        Received::Closed(Some((code, words))) => {
            let words = secrets.fold(words.trim());
            Err(Broken(Reason::Other(format!("closed {code} {words}").trim_end().into()), Example::default()))
        }
    }
}

/// What comes is not of the protocol.
fn alien(what: &str, text: &str, secrets: &Redactor) -> Broken {
    let example = example(text, String::new(), secrets);
    Broken(Reason::Answer { class: "not graphql-transport-ws", what: what.into() }, example)
}

fn example(text: &str, detail: String, secrets: &Redactor) -> Example {
    Example { body: secrets.clip(text, EXAMPLE), detail, ..Example::default() }
}

impl Event {
    /// The payload as it stands.
    pub fn payload(&self) -> &str {
        self.text.get(self.payload.clone()).unwrap_or_default()
    }

    /// Evaluates an event, whose time is in `result`; captures of the first one go into `scope`.
    pub fn evaluate(&self, step: &SubscriptionStep, is_first: bool, scope: &mut Scope, result: &mut StepResult) {
        let captures = if is_first { &step.http.captures[..] } else { &[] };
        let payload = self.payload();
        let failure = match outcome::read(payload.as_bytes(), &scope.secrets) {
            Ok(Answer { outcome, cost }) => {
                result.cost = cost.map(Box::new);
                self.refused(step, outcome, &scope.secrets)
            }
            Err(alien) => {
                let what = alien.what(None, &scope.secrets).into();
                let reason = Reason::Answer { class: "not a GraphQL response", what };
                Some((reason, example(payload, alien.detail(), &scope.secrets)))
            }
        };
        if let Some((reason, example)) = failure {
            capture::none_taken(captures, scope);
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
                capture::none_taken(captures, scope);
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

    /// The failure that an `error` message is, if it is one by the step's policy.
    pub fn refusal(&self, step: &SubscriptionStep, secrets: &Redactor) -> Option<(Reason, Example)> {
        self.refused(step, outcome::refusal(self.payload(), secrets), secrets)
    }

    fn refused(&self, step: &SubscriptionStep, outcome: Outcome, secrets: &Redactor) -> Option<(Reason, Example)> {
        let Outcome::Errors { class, what, detail } = outcome else { return None };
        let failure = || (Reason::Answer { class: class.words(), what }, example(self.payload(), detail, secrets));
        class.fails(step.errors).then(failure)
    }
}
