//! One user's side of Redis: what it sends, and the receiver that listens for it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use super::answer::{judge, look};
use super::connection::Connection;
use super::envelope::{self, Stamp};
use super::error::WireError;
use super::order::{Kind, Order, Wanted};
use super::receiver::Receiver;
use super::resp::{Value, encode};
use super::shared::{CONNECT_TIMEOUT, RedisError, Shared};
use super::streams::Stream;
use super::{Sink, clock};
use crate::protocol::http::Exchange;
use crate::scenario::plan::{PublishStep, RedisStep, RedisTarget, SubscribeStep};
use crate::scenario::secrets::Redactor;
use crate::scenario::template::{RenderError, Scope, Text};
use crate::stats::delivery::Tally;
use crate::stats::{Example, Reason};

/// Most channels one user remembers its place in; one that publishes on more begins again in all of them.
const MAX_STREAMS: usize = 1_024;
/// Bytes of a buffer that a user keeps between messages, at most.
const KEEP_BUFFER: usize = 16 * 1024;
/// First pause after a connection could not be opened; doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Longest that a user waits for its subscriptions to be confirmed.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);

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
    pub fn client<S: Sink>(&self, sink: Rc<S>) -> UserClient<S> {
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
            wanted: Vec::new(),
            ears: None,
        }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }
}

/// One user's connections, and the command being made.
#[derive(Debug)]
pub struct UserClient<S> {
    shared: Arc<Shared>,
    sink: Rc<S>,
    connection: Option<Connection>,
    /// Where this user is on each channel. A new connection begins anew: what was on its way may be lost or not.
    streams: HashMap<String, Arc<Stream>>,
    /// After a failure to connect.
    not_before: Option<Instant>,
    pause: Duration,
    channel: String,
    payload: Vec<u8>,
    out: Vec<u8>,
    wanted: Vec<Wanted>,
    ears: Option<Ears>,
}

/// The receiver of a user, ended with it.
#[derive(Debug)]
struct Ears {
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: Sink> UserClient<S> {
    /// Fills the templates of a message, for [`publish`](Self::publish).
    ///
    /// # Errors
    /// When a template fails.
    pub fn prepare_publish(&mut self, step: &PublishStep, scope: &mut Scope) -> Result<(), RenderError> {
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

    /// Publishes what was prepared. `late` is how much later than due this iteration began, where it had a due time.
    pub async fn publish(&mut self, step: &PublishStep, late: Option<Duration>, scope: &mut Scope) -> Exchange {
        let started = Instant::now();
        let mut exchange = blank();
        let result = timeout(step.timeout, self.send_message(step, late, &mut exchange)).await;
        exchange.service = started.elapsed();
        match result {
            Ok(Ok(receivers)) => {
                let sent_to = u64::try_from(receivers).unwrap_or(0);
                self.sink.tally(step.endpoint.0, &Tally { published: 1, sent_to, ..Tally::default() });
                exchange.failure = judge(step, receivers, scope);
            }
            Ok(Err(error)) => exchange.failure = Some(error.failure(&self.shared.secrets)),
            Err(_) => overdue(&mut exchange, step.timeout),
        }
        exchange
    }

    async fn send_message(
        &mut self,
        step: &PublishStep,
        late: Option<Duration>,
        exchange: &mut Exchange,
    ) -> Result<i64, WireError> {
        // If this is dropped half-way, the connection goes with it: a late answer must not be taken for the next one.
        let mut connection = self.connected(exchange).await?;
        let stream = self.stream();
        let due = late.map_or(0, |late| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        let verb: &[u8] = if step.sharded { b"SPUBLISH" } else { b"PUBLISH" };
        let size = step.size.map_or(0, |size| size as usize);
        let sent = clock::now();
        let stamp = Stamp { stream: stream.id, number: stream.published(), due: sent.saturating_sub(due), sent };
        let mut message = std::mem::take(&mut self.out);
        message.clear();
        envelope::write(&mut message, self.shared.envelope, &stamp, (&self.payload, size));
        let mut command = Vec::with_capacity(message.len() + self.channel.len() + 64);
        encode::begin(&mut command, 3);
        encode::bulk(&mut command, verb);
        encode::bulk(&mut command, self.channel.as_bytes());
        encode::bulk(&mut command, &message);
        message.shrink_to(KEEP_BUFFER);
        self.out = message;
        match connection.exchange(&command).await {
            Ok((Value::Int(receivers), size)) => {
                stream.accepted();
                exchange.bytes = size;
                self.connection = Some(connection);
                Ok(receivers)
            }
            Ok((other, _)) => {
                let text = other.to_json().to_string();
                let text = self.shared.secrets.mask(&text).into_owned();
                let what = format!("an unexpected answer to PUBLISH: {}", crate::clean::line(&text));
                Err(WireError::Refused(what.chars().take(200).collect()))
            }
            Err(error) => {
                self.keep(connection, &error);
                Err(error)
            }
        }
    }

    /// This user's place on the channel.
    fn stream(&mut self) -> Arc<Stream> {
        if let Some(stream) = self.streams.get(&self.channel) {
            return Arc::clone(stream);
        }
        if self.streams.len() >= MAX_STREAMS {
            self.streams.clear();
        }
        let stream = self.shared.streams.begin(&self.channel);
        self.streams.insert(self.channel.clone(), Arc::clone(&stream));
        stream
    }

    /// Fills the templates of a command, for [`command`](Self::command).
    ///
    /// # Errors
    /// When a template fails.
    pub fn prepare_command(&mut self, step: &RedisStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.out.clear();
        self.out.shrink_to(KEEP_BUFFER);
        encode::begin(&mut self.out, step.command.len());
        let mut word = String::new();
        for text in &step.command {
            word.clear();
            text.render(scope, &mut word)?;
            encode::bulk(&mut self.out, word.as_bytes());
        }
        Ok(())
    }

    /// Sends the command that was prepared and takes the captures from its answer.
    pub async fn command(&mut self, step: &RedisStep, scope: &mut Scope) -> Exchange {
        let started = Instant::now();
        let mut exchange = blank();
        let result = timeout(step.timeout, self.send_command(&mut exchange)).await;
        exchange.service = started.elapsed();
        match result {
            Ok(Ok(value)) => exchange.failure = look(step, &value, exchange.service, scope),
            Ok(Err(error)) => exchange.failure = Some(error.failure(&self.shared.secrets)),
            Err(_) => overdue(&mut exchange, step.timeout),
        }
        exchange
    }

    async fn send_command(&mut self, exchange: &mut Exchange) -> Result<Value, WireError> {
        let mut connection = self.connected(exchange).await?;
        match connection.exchange(&self.out).await {
            Ok((value, size)) => {
                exchange.bytes = size;
                self.connection = Some(connection);
                Ok(value)
            }
            Err(error) => {
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
    /// that was. For before a [`publish`](Self::publish) or a [`command`](Self::command), whose time it is not part of.
    pub async fn hold(&mut self) -> Duration {
        let now = Instant::now();
        match self.not_before.take() {
            Some(until) if self.connection.is_none() && until > now => {
                sleep_until(until.into()).await;
                now.elapsed()
            }
            _ => Duration::ZERO,
        }
    }

    async fn connected(&mut self, exchange: &mut Exchange) -> Result<Connection, WireError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        self.streams.clear();
        let started = Instant::now();
        // Also when the step's own time-out ends this.
        self.not_before = Some(started + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        let connection = self.shared.open(CONNECT_TIMEOUT).await?;
        exchange.connect = Some(started.elapsed());
        (self.not_before, self.pause) = (None, PAUSE);
        Ok(connection)
    }

    /// Fills the names to subscribe to, for [`subscribe`](Self::subscribe).
    ///
    /// # Errors
    /// When a template fails.
    pub fn prepare_subscribe(&mut self, step: &SubscribeStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.wanted.clear();
        let kind = match (step.pattern, step.sharded) {
            (true, _) => Kind::Pattern,
            (false, true) => Kind::Shard,
            (false, false) => Kind::Channel,
        };
        for (i, text) in step.channels.iter().enumerate() {
            let name = rendered(text, scope)?;
            let deliver = step.deliver.get(i).filter(|_| step.measure).map(|row| row.0);
            self.wanted.push(Wanted { kind, name, row: step.endpoint.0, deliver });
        }
        Ok(())
    }

    /// Subscribes to what was prepared, and returns when the server has confirmed all of it. When it fails, it is tried
    /// again in the background until the user unsubscribes or ends.
    pub async fn subscribe(&mut self) -> Exchange {
        let started = Instant::now();
        let mut exchange = blank();
        let (answer, answered) = oneshot::channel();
        let order = Order::Subscribe(std::mem::take(&mut self.wanted), answer);
        let ears = self.ears.get_or_insert_with(|| {
            let (receiver, orders) = Receiver::new(Arc::clone(&self.shared), Rc::clone(&self.sink));
            Ears { orders, task: tokio::task::spawn_local(receiver.run()) }
        });
        let sent = ears.orders.send(order).is_ok();
        let result = timeout(SUBSCRIBE_TIMEOUT, answered).await;
        exchange.service = started.elapsed();
        match result {
            Ok(Ok(Ok(connect))) => exchange.connect = connect,
            Ok(Ok(Err(failure))) => exchange.failure = Some(failure),
            Ok(Err(_)) => {
                // Only a panic ends a receiver before its user.
                debug_assert!(!sent, "the receiver dropped an order");
                self.ears = None;
                exchange.failure = Some((Reason::Generator("a receiver died".into()), Example::default()));
            }
            Err(_) => overdue(&mut exchange, SUBSCRIBE_TIMEOUT),
        }
        exchange
    }

    /// Unsubscribes from these names, or from all when there are none, once all that was published before has come.
    ///
    /// # Errors
    /// When a template fails.
    pub async fn unsubscribe(&mut self, names: &[Text], scope: &mut Scope) -> Result<(), RenderError> {
        let names: Result<Vec<Arc<str>>, _> = names.iter().map(|text| rendered(text, scope)).collect();
        let names = names?;
        self.let_go((!names.is_empty()).then_some(names)).await;
        Ok(())
    }

    /// Ends the user: settles what its subscriptions should have received, and closes its connections.
    pub async fn finish(&mut self) {
        self.let_go(None).await;
        self.ears = None;
        self.connection = None;
    }

    async fn let_go(&mut self, names: Option<Vec<Arc<str>>>) {
        let Some(ears) = &self.ears else { return };
        let (answer, answered) = oneshot::channel();
        if ears.orders.send(Order::Unsubscribe(names, answer)).is_ok() {
            // The receiver limits its own wait; this one is for a receiver that is just connecting.
            let _ = timeout(self.shared.drain + CONNECT_TIMEOUT, answered).await;
        }
    }
}

fn rendered(text: &Text, scope: &mut Scope) -> Result<Arc<str>, RenderError> {
    if let Some(fixed) = text.fixed() {
        return Ok(Arc::clone(fixed));
    }
    let mut out = String::new();
    text.render(scope, &mut out)?;
    Ok(out.into())
}

fn blank() -> Exchange {
    Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None }
}

/// Leaving time-outs out would flatter the tail, so they count with their full length.
fn overdue(exchange: &mut Exchange, limit: Duration) {
    exchange.service = exchange.service.max(limit);
    exchange.failure = Some((Reason::Timeout(limit), Example::default()));
}
