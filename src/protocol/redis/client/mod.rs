//! One user's side of Redis: what it sends, and the receiver that listens for it.

mod subscribe;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep_until, timeout};

use super::connection::Connection;
use super::envelope::Stamp;
use super::error::WireError;
use super::inner::{self, Transaction};
use super::receiver::ReceiverHandle;
use super::receiver_command::Wanted;
use super::resp::{Value, encode};
use super::shared::{CONNECT_TIMEOUT, RedisError, Shared};
use super::streams::Stream;
use super::trace::Tracer;
use super::{clock, envelope, evaluate, example};
use crate::protocol::context::{Expected, UserContext};
use crate::protocol::example::attach;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::{PublishStep, RedisStep, RedisTarget};
use crate::scenario::secrets::Redactor;
use crate::stats::delivery::Tally;
use crate::stats::{Example, Reason};

/// Characters of a command's name that failures repeat.
const LONGEST_VERB: usize = 32;
/// Bytes of a buffer that a user keeps between messages, at most.
const KEEP_BUFFER: usize = 16 * 1024;
/// First pause after a connection could not be opened; doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Makes clients. Holds what they share.
#[derive(Debug, Clone)]
pub struct Factory(Arc<Shared>);

impl Factory {
    /// For the target of a plan, and the plan's secrets. Nothing is sent yet.
    ///
    /// # Errors
    /// When its address is none, or TLS cannot be set up.
    pub fn new(target: &RedisTarget, secrets: Arc<Redactor>) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Shared::new(target, secrets)?)))
    }

    /// A client that is not connected yet.
    pub fn client(&self, sink: Rc<dyn MessageSink>) -> UserClient {
        UserClient {
            shared: Arc::clone(&self.0),
            sink,
            connection: None,
            streams: HashMap::new(),
            not_before: None,
            pause: PAUSE,
            channel: String::new(),
            payload: Vec::new(),
            out: Vec::new(),
            verb: String::new(),
            transaction: Transaction::default(),
            wanted: Vec::new(),
            receiver: None,
        }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }
}

/// One user's connections, and the command being made.
pub struct UserClient {
    shared: Arc<Shared>,
    sink: Rc<dyn MessageSink>,
    connection: Option<Connection>,
    /// Where this user is on each channel. A new connection begins anew: what was on its way may be lost or not.
    streams: HashMap<Arc<str>, Arc<Stream>>,
    /// After a failure to connect.
    not_before: Option<Instant>,
    pause: Duration,
    channel: String,
    payload: Vec<u8>,
    out: Vec<u8>,
    /// Of the command in `out`, in upper case.
    verb: String,
    transaction: Transaction,
    wanted: Vec<Wanted>,
    /// Started by the first subscription.
    receiver: Option<ReceiverHandle>,
}

impl UserClient {
    fn prepare_publish(&mut self, step: &PublishStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.channel.clear();
        step.channel.render(scope, &mut self.channel)?;
        self.payload.clear();
        self.payload.shrink_to(KEEP_BUFFER);
        step.payload.render(scope, &mut self.payload)?;
        // A text is sent as it is, without the quotes that it has in JSON.
        if self.payload.first() == Some(&b'"')
            && let Ok(text) = serde_json::from_slice::<String>(&self.payload)
        {
            self.payload = text.into_bytes();
        }
        Ok(())
    }

    /// Publishes a message and compares the number of its receivers.
    pub async fn publish(
        &mut self,
        step: &PublishStep,
        scope: &mut Scope,
        context: &dyn UserContext,
        result: &mut StepResult,
    ) {
        if let Err(error) = self.prepare_publish(step, scope) {
            result.outcome = error.into();
            return;
        }
        // Our own pause is nobody's time: what is due meanwhile is due that much later.
        context.held(self.hold().await);
        context.sent(step.endpoint, result.timings.late, Expected::Soon);
        let tracer = Tracer(context.trace());
        tracer.message(step, (&self.channel, &self.payload), self.shared.envelope);
        let started = Instant::now();
        let sent = timeout(step.timeout, self.send_message(step, result)).await;
        result.timings.service = started.elapsed();
        match sent {
            Ok(Ok(receivers)) => {
                let sent_to = u64::try_from(receivers).unwrap_or(0);
                tracer.received(receivers, result.timings.service, result.bytes);
                self.sink.tally(step.endpoint.0, &Tally { published: 1, sent_to, ..Tally::default() });
                evaluate::receivers(step, receivers, scope, result);
            }
            Ok(Err(error)) => result.fail_if(Some(error.failure(&self.shared.secrets))),
            Err(_) => result.time_out(step.timeout),
        }
        attach(result, context, || example::message(step.verb(), &self.channel, &self.payload, &self.shared.secrets));
        context.answered();
    }

    async fn send_message(&mut self, step: &PublishStep, result: &mut StepResult) -> Result<i64, WireError> {
        // If this is dropped half-way, the connection goes with it: a late answer must not be taken for the next one.
        let mut connection = self.connected(result).await?;
        let stream = self.stream();
        let due = result.timings.late.map_or(0, |late| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        let size = step.size.map_or(0, |size| size as usize);
        let sent = clock::now();
        let (run, number) = (self.shared.run, stream.published());
        let stamp = Stamp { run, stream: stream.id, number, due: sent.saturating_sub(due), sent };
        let mut message = std::mem::take(&mut self.out);
        message.clear();
        envelope::write(&mut message, self.shared.envelope, &stamp, (&self.payload, size));
        let mut command = Vec::with_capacity(message.len() + self.channel.len() + 64);
        encode::begin(&mut command, 3);
        encode::bulk(&mut command, step.verb().as_bytes());
        encode::bulk(&mut command, self.channel.as_bytes());
        encode::bulk(&mut command, &message);
        message.shrink_to(KEEP_BUFFER);
        self.out = message;
        match connection.exchange(&command).await {
            Ok((Value::Int(receivers), size)) => {
                stream.accepted();
                result.bytes = size;
                self.connection = Some(connection);
                Ok(receivers)
            }
            Ok((other, _)) => {
                let text = self.shared.secrets.clip(&other.to_json().to_string(), 160);
                Err(WireError::Refused(format!("an unexpected answer to PUBLISH: {}", crate::clean::line(&text))))
            }
            Err(error) => {
                self.keep(connection, &error);
                Err(error)
            }
        }
    }

    /// This user's place on the channel.
    fn stream(&mut self) -> Arc<Stream> {
        if let Some(stream) = self.streams.get(self.channel.as_str()) {
            return Arc::clone(stream);
        }
        let (stream, name) = self.shared.streams.begin(&self.channel);
        // One without room in the book has one message: nobody would follow the next one.
        if let Some(name) = name {
            self.streams.insert(name, Arc::clone(&stream));
        }
        stream
    }

    fn prepare_command(&mut self, step: &RedisStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.out.clear();
        self.out.shrink_to(KEEP_BUFFER);
        encode::begin(&mut self.out, step.command.len());
        let mut word = String::new();
        for (i, text) in step.command.iter().enumerate() {
            word.clear();
            text.render(scope, &mut word)?;
            encode::bulk(&mut self.out, word.as_bytes());
            if i == 0 {
                self.verb.clear();
                self.verb.extend(word.chars().map(|c| c.to_ascii_uppercase()).take(LONGEST_VERB));
            }
        }
        Ok(())
    }

    /// Sends a command, and takes the captures from its response.
    pub async fn command(
        &mut self,
        step: &RedisStep,
        scope: &mut Scope,
        context: &dyn UserContext,
        result: &mut StepResult,
    ) {
        if let Err(error) = self.prepare_command(step, scope) {
            capture::none_taken(&step.captures, scope);
            result.outcome = error.into();
            return;
        }
        context.held(self.hold().await);
        let expected = if step.is_blocking() { Expected::Whenever } else { Expected::Soon };
        context.sent(step.endpoint, result.timings.late, expected);
        let tracer = Tracer(context.trace());
        tracer.command(&self.out);
        let started = Instant::now();
        let sent = timeout(step.timeout, self.send_command(result)).await;
        result.timings.service = started.elapsed();
        match sent {
            Ok(Ok(value)) => {
                tracer.answered(&value, result.timings.service, result.bytes);
                // Captures are taken even if a command of a transaction has failed.
                evaluate::response(step, &value, scope, result);
                result.fail_if(self.inside(step, &value));
            }
            Ok(Err(error)) => {
                capture::none_taken(&step.captures, scope);
                result.fail_if(Some(error.failure(&self.shared.secrets)));
            }
            Err(_) => {
                capture::none_taken(&step.captures, scope);
                result.time_out(step.timeout);
            }
        }
        attach(result, context, || example::command(&self.out, &self.shared.secrets));
        context.answered();
    }

    /// Why a response that is not an error itself is a failure.
    fn inside(&mut self, step: &RedisStep, value: &Value) -> Option<(Reason, Example)> {
        let queued = self.transaction.note(&self.verb, Some(value));
        if self.verb == "EXEC" && *value == Value::Null && step.expects.is_empty() {
            let reason = Reason::Other("EXEC: nothing was run, a watched key had changed".into());
            return Some((reason, Example::default()));
        }
        inner::failure(&self.verb, value, &queued, &self.shared.secrets)
    }

    async fn send_command(&mut self, result: &mut StepResult) -> Result<Value, WireError> {
        let mut connection = self.connected(result).await?;
        match connection.exchange(&self.out).await {
            Ok((value, size)) => {
                result.bytes = size;
                self.connection = Some(connection);
                Ok(value)
            }
            Err(error) => {
                self.transaction.note(&self.verb, None);
                self.keep(connection, &error);
                Err(error)
            }
        }
    }

    /// An error that the server answered leaves the connection as it is.
    fn keep(&mut self, connection: Connection, error: &WireError) {
        if !error.is_fatal() {
            self.connection = Some(connection);
        }
    }

    /// Waits out the pause after a failure to connect, so that a server that is down is not stormed; returns how long
    /// that was.
    async fn hold(&mut self) -> Duration {
        let now = Instant::now();
        match self.not_before.take() {
            Some(until) if self.connection.is_none() && until > now => {
                sleep_until(until.into()).await;
                now.elapsed()
            }
            _ => Duration::ZERO,
        }
    }

    async fn connected(&mut self, result: &mut StepResult) -> Result<Connection, WireError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        self.streams.clear();
        self.transaction.reset();
        let started = Instant::now();
        // Also when the step's own time-out ends this.
        self.not_before = Some(started + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        // Rare, and large: not a part of what every user holds.
        let connection = Box::pin(self.shared.open(CONNECT_TIMEOUT)).await?;
        (result.timings.connect, result.timings.tls) = (Some(started.elapsed()), connection.tls());
        (self.not_before, self.pause) = (None, PAUSE);
        Ok(connection)
    }
}
