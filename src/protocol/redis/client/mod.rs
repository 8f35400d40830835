//! The Redis client of one user: its command connection and its receiver.

mod subscribe;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep_until, timeout};

use super::command::Words;
use super::connection::RedisConnection;
use super::envelope::Stamp;
use super::error::RedisError;
use super::nested_errors::{self, Transaction};
use super::receiver::ReceiverHandle;
use super::receiver_command::SubscriptionRequest;
use super::resp::{RedisValue, encode};
use super::shared::{CONNECT_TIMEOUT, RedisSetupError, RedisShared};
use super::streams::PublishedStream;
use super::trace::Tracer;
use super::{clock, envelope, evaluate, example, lookups};
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::{PublishStep, RedisStep, RedisTarget};
use crate::scenario::secrets::Redactor;
use crate::stats::delivery::Tally;
use crate::stats::{Example, Lookups, Reason};

/// Maximum characters of a command name shown in failures.
const MAX_VERB: usize = 32;
/// Maximum bytes of a buffer that a user keeps between messages.
const MAX_IDLE_BUFFER: usize = 16 * 1024;
/// Pause after a failed connect; doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Creates clients, and holds what they share.
#[derive(Debug, Clone)]
pub struct RedisClientFactory(Arc<RedisShared>);

impl RedisClientFactory {
    /// For the target and the secrets of a plan. Does not connect yet.
    ///
    /// # Errors
    /// When the address is invalid, or TLS cannot be set up.
    pub fn new(target: &RedisTarget, secrets: Arc<Redactor>) -> Result<Self, RedisSetupError> {
        Ok(Self(Arc::new(RedisShared::new(target, secrets)?)))
    }

    /// A client that is not connected.
    pub fn client(&self, sink: Rc<dyn MessageSink>) -> RedisClient {
        RedisClient {
            shared: Arc::clone(&self.0),
            sink,
            connection: None,
            streams: HashMap::new(),
            not_before: None,
            pause: MIN_PAUSE,
            channel: String::new(),
            payload: Vec::new(),
            size: 0,
            out: Vec::new(),
            verb: String::new(),
            transaction: Transaction::default(),
            wanted: Vec::new(),
            receiver: None,
        }
    }

    pub(super) fn shared(&self) -> Arc<RedisShared> {
        Arc::clone(&self.0)
    }
}

/// One user's connections, and the command in progress.
pub struct RedisClient {
    shared: Arc<RedisShared>,
    sink: Rc<dyn MessageSink>,
    connection: Option<RedisConnection>,
    /// Message numbering of each channel. Restarts with a new connection, because messages in flight may be lost.
    streams: HashMap<Arc<str>, Arc<PublishedStream>>,
    /// Earliest time of the next connect, after a failed one.
    not_before: Option<Instant>,
    pause: Duration,
    channel: String,
    payload: Vec<u8>,
    /// Padded size of the message.
    size: usize,
    out: Vec<u8>,
    /// Name of the command in `out`, in upper case.
    verb: String,
    transaction: Transaction,
    wanted: Vec<SubscriptionRequest>,
    /// Started by the first subscription.
    receiver: Option<ReceiverHandle>,
}

impl RedisClient {
    fn prepare_publish(&mut self, step: &PublishStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.channel.clear();
        step.channel.render(scope, &mut self.channel)?;
        self.payload.clear();
        self.payload.shrink_to(MAX_IDLE_BUFFER);
        step.payload.render(scope, &mut self.payload)?;
        self.size = match &step.size {
            Some(size) => size.draw(scope)?,
            None => 0,
        };
        Ok(())
    }

    /// Publishes a message and evaluates the number of receivers.
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
        // Our own pause does not count as response time: what was due meanwhile is due that much later.
        context.add_paused_time(self.wait_before_connect().await);
        context.request_sent(step.endpoint, result.timings.late, Awaiting::Response);
        let tracer = Tracer(context.trace());
        let size = step.size.as_ref().map(|_| self.size);
        tracer.message(step, &self.channel, &self.payload, (self.shared.envelope, size));
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
        context.request_finished();
    }

    async fn send_message(&mut self, step: &PublishStep, result: &mut StepResult) -> Result<i64, RedisError> {
        // If this future is dropped, the connection is closed: a late response must not be taken for the next one.
        let mut connection = self.take_connection(result).await?;
        let stream = self.stream();
        let due = result.timings.late.map_or(0, |late| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        let sent = clock::now();
        let (run, number) = (self.shared.run, stream.published());
        let stamp = Stamp { run, stream: stream.id, number, due: sent.saturating_sub(due), sent };
        let mut message = std::mem::take(&mut self.out);
        message.clear();
        envelope::write(&mut message, self.shared.envelope, &stamp, &self.payload, self.size);
        let mut command = Vec::with_capacity(message.len() + self.channel.len() + 64);
        encode::begin(&mut command, 3);
        encode::bulk(&mut command, step.verb().as_bytes());
        encode::bulk(&mut command, self.channel.as_bytes());
        encode::bulk(&mut command, &message);
        message.shrink_to(MAX_IDLE_BUFFER);
        self.out = message;
        match connection.exchange(&command).await {
            Ok((RedisValue::Int(receivers), size)) => {
                stream.accepted();
                result.bytes = size;
                self.connection = Some(connection);
                Ok(receivers)
            }
            Ok((other, _)) => {
                let text = self.shared.secrets.clip(&other.to_json().to_string(), 160);
                Err(RedisError::Refused(format!("unexpected response to PUBLISH: {}", crate::clean::line(&text))))
            }
            Err(error) => {
                self.put_back(connection, &error);
                Err(error)
            }
        }
    }

    /// The message numbering of the current channel.
    fn stream(&mut self) -> Arc<PublishedStream> {
        if let Some(stream) = self.streams.get(self.channel.as_str()) {
            return Arc::clone(stream);
        }
        let (stream, name) = self.shared.streams.begin(&self.channel);
        // If the table of streams is full, the stream is used once: receivers could not follow it.
        if let Some(name) = name {
            self.streams.insert(name, Arc::clone(&stream));
        }
        stream
    }

    fn prepare_command(&mut self, step: &RedisStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.out.clear();
        self.out.shrink_to(MAX_IDLE_BUFFER);
        self.verb.clear();
        Words::default().encode(&step.command, scope, &mut self.out, |word| {
            self.verb.extend(word.chars().map(|c| c.to_ascii_uppercase()).take(MAX_VERB));
        })
    }

    /// Sends a command, and evaluates its response.
    pub async fn command(
        &mut self,
        step: &RedisStep,
        scope: &mut Scope,
        context: &dyn UserContext,
        result: &mut StepResult,
    ) {
        if let Err(error) = self.prepare_command(step, scope) {
            capture::reset(&step.captures, scope);
            result.outcome = error.into();
            return;
        }
        context.add_paused_time(self.wait_before_connect().await);
        let expected = if step.is_blocking() { Awaiting::ServerEvent } else { Awaiting::Response };
        context.request_sent(step.endpoint, result.timings.late, expected);
        let tracer = Tracer(context.trace());
        tracer.command(&self.out);
        let started = Instant::now();
        let sent = timeout(step.timeout, self.send_command(result)).await;
        result.timings.service = started.elapsed();
        match sent {
            Ok(Ok(value)) => {
                tracer.response(&value, result.timings.service, result.bytes);
                // Captures are evaluated even if a command of a transaction failed.
                evaluate::response(step, &value, scope, result);
                result.fail_if(self.nested_failure(step, &value));
            }
            Ok(Err(error)) => {
                capture::reset(&step.captures, scope);
                result.fail_if(Some(error.failure(&self.shared.secrets)));
            }
            Err(_) => {
                capture::reset(&step.captures, scope);
                result.time_out(step.timeout);
            }
        }
        attach(result, context, || example::command(&self.out, &self.shared.secrets));
        context.request_finished();
    }

    /// The failure inside a response that is not an error itself, if any.
    fn nested_failure(&mut self, step: &RedisStep, value: &RedisValue) -> Option<(Reason, Example)> {
        let queued = self.transaction.track(&self.verb, Some(value));
        let found = match &*self.verb {
            "EXEC" => lookups::of_transaction(&queued, value),
            // A queued command has no result yet.
            _ if self.transaction.is_open() => Lookups::default(),
            verb => lookups::of(verb, step.command.len().saturating_sub(1), value),
        };
        if !found.is_empty() {
            self.sink.lookups(step.endpoint.0, &found);
        }
        if self.verb == "EXEC" && *value == RedisValue::Null && step.expects.is_empty() {
            let reason = Reason::Other("EXEC: transaction aborted, a watched key was modified".into());
            return Some((reason, Example::default()));
        }
        nested_errors::failure(&self.verb, value, &queued, &self.shared.secrets)
    }

    async fn send_command(&mut self, result: &mut StepResult) -> Result<RedisValue, RedisError> {
        let mut connection = self.take_connection(result).await?;
        match connection.exchange(&self.out).await {
            Ok((value, size)) => {
                result.bytes = size;
                self.connection = Some(connection);
                Ok(value)
            }
            Err(error) => {
                self.transaction.track(&self.verb, None);
                self.put_back(connection, &error);
                Err(error)
            }
        }
    }

    /// Keeps the connection, unless the error is fatal: an error response does not affect it.
    fn put_back(&mut self, connection: RedisConnection, error: &RedisError) {
        if !error.is_fatal() {
            self.connection = Some(connection);
        }
    }

    /// Waits for the pause after a failed connect, so that a server which is down is not flooded; returns the time
    /// waited.
    async fn wait_before_connect(&mut self) -> Duration {
        let now = Instant::now();
        match self.not_before.take() {
            Some(until) if self.connection.is_none() && until > now => {
                sleep_until(until.into()).await;
                now.elapsed()
            }
            _ => Duration::ZERO,
        }
    }

    async fn take_connection(&mut self, result: &mut StepResult) -> Result<RedisConnection, RedisError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        self.streams.clear();
        self.transaction.reset();
        let started = Instant::now();
        // Set before connecting, in case the step's time-out aborts it.
        self.not_before = Some(started + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        // Boxed: rare and large, and would otherwise grow the future of every user.
        let connection = Box::pin(self.shared.open(CONNECT_TIMEOUT)).await?;
        result.timings.connect = Some(started.elapsed());
        if let Some(details) = &mut result.details {
            details.add_tls(connection.tls());
        }
        (self.not_before, self.pause) = (None, MIN_PAUSE);
        Ok(connection)
    }
}
