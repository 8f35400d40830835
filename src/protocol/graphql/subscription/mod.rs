//! GraphQL subscriptions by the protocol `graphql-transport-ws`: one WebSocket, one operation, its events.
//!
//! In: a step, whose request has been prepared. Out: the connection as an [`Exchange`], and then one [`Next`] after the
//! other, each judged like the reply to a query.

mod message;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use self::message::Message;
use super::outcome::{self, Answer, Outcome};
use super::{UNREADABLE, business};
use crate::protocol::evaluate::{self, Views};
use crate::protocol::http::{Broken, Received, Socket, UserClient};
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::ResponseView;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::SubscriptionStep;
use crate::scenario::secrets::Redactor;
use crate::stats::operation::Cost;
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

/// Opens a WebSocket by what was prepared from `step`, and waits until the server acknowledges the connection. `params`
/// is the payload of `connection_init`; `payload` is that of [`Connection::subscribe`], for its length.
pub async fn connect(
    client: &mut UserClient,
    step: &SubscriptionStep,
    params: Option<Vec<u8>>,
    payload: &[u8],
) -> (Exchange, Option<Connection>) {
    let started = Instant::now();
    let mut exchange = Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
    let limit = step.http.timeout;
    let secrets = Arc::clone(client.secrets());
    let mut socket = None;
    let opening = async {
        let longest = params.as_ref().map_or(0, Vec::len).max(payload.len()).max(message::MOST_ECHOED);
        let protocol = (PROTOCOL, longest + message::AROUND);
        socket = Some(client.open_socket(&step.http, protocol, (started, &mut exchange)).await?);
        let socket = socket.as_mut()?;
        match acknowledged(socket, params, &secrets).await {
            Ok(bytes) => exchange.bytes = bytes,
            Err(Broken(reason, example)) => exchange.failure = Some((reason, example)),
        }
        Some(())
    };
    let outcome = tokio::time::timeout_at((started + limit).into(), opening).await;
    exchange.service = started.elapsed();
    if outcome.is_err() {
        // Leaving time-outs out would flatter the tail, so they count with their full length.
        exchange.service = exchange.service.max(limit);
        let reason = match &socket {
            Some(_) => Reason::Other(format!("no connection_ack within {}", units::plain(limit)).into()),
            None => Reason::Timeout(limit),
        };
        exchange.failure = Some((reason, Example::default()));
    }
    let Some(socket) = socket else { return (exchange, None) };
    if exchange.failure.is_some() {
        let code = if outcome.is_err() { Leave::Finished } else { Leave::Invalid };
        Connection { socket, secrets }.leave(code).await;
        return (exchange, None);
    }
    (exchange, Some(Connection { socket, secrets }))
}

/// Initialises the connection; the size of the server's acknowledgement.
async fn acknowledged(socket: &mut Socket, params: Option<Vec<u8>>, secrets: &Redactor) -> Result<u64, Broken> {
    socket.send(message::init(params.as_deref())).await?;
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

    /// Judges an event, which came `elapsed` after the one before; captures of the first one go into `scope`. Also says
    /// what it cost, where the server tells.
    pub fn judge(
        &self,
        step: &SubscriptionStep,
        (elapsed, is_first): (Duration, bool),
        scope: &mut Scope,
    ) -> (Option<(Reason, Example)>, Option<Cost>) {
        let captures = if is_first { &step.http.captures[..] } else { &[] };
        let payload = self.payload();
        let Answer { outcome, cost } = match outcome::read(payload.as_bytes(), &scope.secrets) {
            Ok(answer) => answer,
            Err(alien) => {
                capture::none_taken(captures, scope);
                let reason =
                    Reason::Answer { class: "not a GraphQL reply", what: alien.what(None, &scope.secrets).into() };
                return (Some((reason, example(payload, alien.detail(), &scope.secrets))), None);
            }
        };
        if let Some(failure) = failed(step, outcome, payload, &scope.secrets) {
            capture::none_taken(captures, scope);
            return (Some(failure), cost);
        }
        let expects = &step.http.expects[..];
        if expects.is_empty() && captures.is_empty() && step.business_errors.is_none() {
            return (None, cost);
        }
        let headers = HeaderMap::new();
        let view = ResponseView::new(200, elapsed, &headers, payload.as_bytes());
        if step.business_errors.is_some() && view.json().is_none() {
            if let Some(trouble) = view.trouble() {
                return (Some(evaluate::not_evaluated(trouble, captures, scope)), cost);
            }
            capture::none_taken(captures, scope);
            let reason = Reason::Answer { class: UNREADABLE, what: view.not_json().into() };
            return (Some((reason, example(payload, String::new(), &scope.secrets))), cost);
        }
        if let Some(path) = &step.business_errors
            && let Some(error) = view.json().and_then(|json| business::find(path, json, &scope.secrets))
        {
            capture::none_taken(captures, scope);
            return (Some((error.reason(), example(payload, error.detail, &scope.secrets))), cost);
        }
        let views = Views { json: &view, plain: &view };
        let example = |detail: String, secrets: &Redactor| example(payload, detail, secrets);
        (evaluate::look((expects, captures), views, scope, example), cost)
    }

    /// The failure that an `error` message is, if it is one by the step's policy.
    pub fn refusal(&self, step: &SubscriptionStep, secrets: &Redactor) -> Option<(Reason, Example)> {
        failed(step, outcome::refusal(self.payload(), secrets), self.payload(), secrets)
    }
}

fn failed(step: &SubscriptionStep, outcome: Outcome, payload: &str, secrets: &Redactor) -> Option<(Reason, Example)> {
    let Outcome::Errors { class, what, detail } = outcome else { return None };
    class.fails(step.errors).then(|| (Reason::Answer { class: class.words(), what }, example(payload, detail, secrets)))
}
