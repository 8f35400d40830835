//! Simulated users that publish and subscribe, and what was measured.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use katydid::protocol::context::{Awaiting, UserContext};
use katydid::protocol::message_sink::{Delivery, MessageSink};
use katydid::protocol::redis::{RedisClient, RedisClientFactory};
use katydid::protocol::result::StepResult;
use katydid::protocol::trace::Trace;
use katydid::scenario::eval::payload::Payload;
use katydid::scenario::eval::size::Size;
use katydid::scenario::eval::template::{Json, Scope, Text};
use katydid::scenario::plan::{
    Argument, ClientOptions, Endpoint, EndpointId, Envelope, PublishStep, RedisProtocol, RedisStep, RedisTarget,
    SubscribeStep,
};
use katydid::stats::by_row::Merge as _;
use katydid::stats::delivery::Tally;
use katydid::stats::operation::Cost;
use katydid::stats::{Lookups, Reason, Remarks};
use tokio::sync::Notify;

/// Rows of the tests: deliveries of the n-th name have row [`DELIVER`] + n.
pub const PUBLISH: u32 = 0;
pub const SUBSCRIBE: u32 = 1;
pub const COMMAND: u32 = 2;
pub const DELIVER: u32 = 10;

/// A sink that stores everything.
#[derive(Default)]
pub struct Notes {
    pub latencies: RefCell<Vec<Duration>>,
    pub delivered: Cell<Tally>,
    pub published: Cell<Tally>,
    /// The longest backlog.
    pub backlog: Cell<Duration>,
    /// Artificial cost of storing a message.
    pub slow: Cell<Duration>,
    /// Reasons of outages of subscribers.
    pub outages: RefCell<Vec<String>>,
}

impl MessageSink for Notes {
    fn delivered(&self, row: u32, delivery: Delivery) {
        assert!(row >= DELIVER);
        self.latencies.borrow_mut().push(delivery.latency);
    }

    fn tally(&self, row: u32, tally: &Tally) {
        let cell = if row == PUBLISH { &self.published } else { &self.delivered };
        if !self.slow.get().is_zero() {
            std::thread::sleep(self.slow.get());
        }
        let mut sum = cell.get();
        sum.merge(tally);
        cell.set(sum);
    }

    fn lookups(&self, _: u32, _: &Lookups) {}

    fn backlog(&self, behind: Duration) {
        self.backlog.set(self.backlog.get().max(behind));
    }

    fn record(&self, result: StepResult) {
        assert_eq!(result.row, Some(EndpointId(SUBSCRIBE)));
        let reason = result.failure().map_or_else(|| "back".to_owned(), |failure| failure.reason.to_string());
        self.outages.borrow_mut().push(reason);
    }
}

/// A user that stays to the end and has no trace.
#[derive(Default)]
struct Steadfast(Notify, Cell<u64>);

impl UserContext for Steadfast {
    fn endpoint(&self, _: EndpointId) -> Option<&Endpoint> {
        None
    }

    fn wants_example(&self, _: EndpointId, _: &Reason) -> bool {
        true
    }

    fn request_sent(&self, _: EndpointId, _: Option<Duration>, _: Awaiting) {}

    fn request_finished(&self) {}

    fn request_abandoned(&self) {}

    fn record(&self, _: StepResult) {}

    fn record_cost(&self, _: EndpointId, _: &Cost) {}

    fn record_remarks(&self, _: EndpointId, remarks: &Remarks) {
        self.1.set(self.1.get() + remarks.redirects);
    }

    fn add_paused_time(&self, _: Duration) {}

    fn trace(&self) -> Option<&dyn Trace> {
        None
    }

    fn must_leave(&self, _: Option<Instant>) -> bool {
        false
    }

    fn wakeup(&self) -> &Notify {
        &self.0
    }

    fn leave(&self) {}
}

pub fn target(url: &str, protocol: RedisProtocol) -> RedisTarget {
    let (envelope, drain) = (Envelope::Binary, Duration::from_secs(2));
    RedisTarget { protocol, envelope, drain, tls: ClientOptions::default(), ..RedisTarget::of_url(url) }
}

pub fn factory(url: &str) -> RedisClientFactory {
    factory_for(&target(url, RedisProtocol::Resp3))
}

pub fn factory_for(target: &RedisTarget) -> RedisClientFactory {
    RedisClientFactory::new(target, Arc::default()).expect("an address")
}

pub struct User {
    pub client: RedisClient,
    pub notes: Rc<Notes>,
    scope: Scope,
    context: Steadfast,
}

fn text(text: &str) -> Text {
    Text::Fixed(text.into())
}

impl User {
    pub fn new(factory: &RedisClientFactory) -> Self {
        let notes = Rc::new(Notes::default());
        let scope = Scope::new(1, 1, Arc::new(minijinja::Value::UNDEFINED));
        Self { client: factory.client(Rc::<Notes>::clone(&notes)), notes, scope, context: Steadfast::default() }
    }

    /// How often nodes of a cluster sent a command of this user to another one.
    pub fn redirects(&self) -> u64 {
        self.context.1.get()
    }

    pub async fn publish_to_shard(&mut self, channel: &str, payload: &str) -> StepResult {
        self.send(channel, payload, 64, true).await
    }

    pub async fn publish(&mut self, channel: &str, payload: &str, size: u32) -> StepResult {
        self.send(channel, payload, size, false).await
    }

    async fn send(&mut self, channel: &str, payload: &str, size: u32, sharded: bool) -> StepResult {
        let step = PublishStep {
            endpoint: EndpointId(PUBLISH),
            channel: text(channel),
            payload: Payload::Json(Json::ready(payload)),
            size: Some(Size::Fixed(size)),
            sharded,
            receivers: None,
            timeout: Duration::from_secs(5),
        };
        // With details: a handshake is in them.
        let mut result = StepResult::new(None, None, true);
        self.client.publish(&step, &mut self.scope, &self.context, &mut result).await;
        result
    }

    pub async fn subscribe(&mut self, channels: &[&str], pattern: bool) -> StepResult {
        self.listen(channels, pattern, false).await
    }

    pub async fn subscribe_shards(&mut self, channels: &[&str]) -> StepResult {
        self.listen(channels, false, true).await
    }

    async fn listen(&mut self, channels: &[&str], pattern: bool, sharded: bool) -> StepResult {
        let step = SubscribeStep {
            endpoint: EndpointId(SUBSCRIBE),
            channels: channels.iter().map(|name| text(name)).collect(),
            pattern,
            sharded,
            measure: true,
            deliver: (DELIVER..).take(channels.len()).map(EndpointId).collect(),
        };
        let mut result = StepResult::default();
        self.client.subscribe(&step, &mut self.scope, &self.context, &mut result).await;
        result
    }

    pub async fn command(&mut self, words: &[&str]) -> StepResult {
        let step = RedisStep {
            endpoint: EndpointId(COMMAND),
            command: words.iter().map(|word| Argument::from(*word)).collect(),
            expects: Vec::new(),
            captures: Vec::new(),
            timeout: Duration::from_secs(5),
        };
        let mut result = StepResult::default();
        self.client.command(&step, &mut self.scope, &self.context, &mut result).await;
        result
    }

    pub async fn unsubscribe(&mut self, name: &str) {
        let mut result = StepResult::default();
        self.client.unsubscribe(&[text(name)], &mut self.scope, &self.context, &mut result).await;
    }

    /// Ends the user and returns what it received.
    pub async fn finish(mut self) -> Tally {
        self.client.finish().await;
        self.notes.delivered.get()
    }
}

/// The reason of a failure, or `ok`.
pub fn reason(result: &StepResult) -> String {
    result.failure().map_or_else(|| "ok".to_owned(), |failure| failure.reason.to_string())
}

/// The percentile of the times; sorts them.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
