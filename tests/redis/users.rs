//! Simulated users that publish and subscribe, and what was measured of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use katydid::protocol::redis::{Delivery, Factory, Sink, UserClient};
use katydid::protocol::result::Exchange;
use katydid::scenario::eval::template::{Json, Scope, Text};
use katydid::scenario::plan::{
    ClientOptions, EndpointId, Envelope, PublishStep, RedisProtocol, RedisStep, RedisTarget, SubscribeStep,
};
use katydid::stats::by_row::Merge as _;
use katydid::stats::delivery::Tally;

/// Rows of the tests: the deliveries of the n-th name have row [`DELIVER`] + n.
pub const PUBLISH: u32 = 0;
pub const SUBSCRIBE: u32 = 1;
pub const COMMAND: u32 = 2;
pub const DELIVER: u32 = 10;

/// Keeps everything.
#[derive(Default)]
pub struct Notes {
    pub latencies: RefCell<Vec<Duration>>,
    pub delivered: Cell<Tally>,
    pub published: Cell<Tally>,
    /// Longest time that messages came faster than they were read.
    pub backlog: Cell<Duration>,
    /// What it costs to keep anything.
    pub slow: Cell<Duration>,
    /// Reasons of the outages of subscribers.
    pub outages: RefCell<Vec<String>>,
}

impl Sink for Notes {
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

    fn backlog(&self, behind: Duration) {
        self.backlog.set(self.backlog.get().max(behind));
    }

    fn sample(&self, row: u32, exchange: Exchange) {
        assert_eq!(row, SUBSCRIBE);
        let reason = exchange.failure.map_or_else(|| "back".to_owned(), |(reason, _)| reason.to_string());
        self.outages.borrow_mut().push(reason);
    }
}

pub fn target(url: &str, protocol: RedisProtocol) -> RedisTarget {
    let (envelope, drain) = (Envelope::Binary, Duration::from_secs(2));
    RedisTarget { url: url.into(), protocol, envelope, drain, tls: ClientOptions::default() }
}

pub fn factory(url: &str) -> Factory {
    factory_for(&target(url, RedisProtocol::Resp3))
}

pub fn factory_for(target: &RedisTarget) -> Factory {
    Factory::new(target, Arc::default()).expect("an address")
}

pub struct User {
    pub client: UserClient<Notes>,
    pub notes: Rc<Notes>,
    scope: Scope,
}

fn text(text: &str) -> Text {
    Text::Fixed(text.into())
}

impl User {
    pub fn new(factory: &Factory) -> Self {
        let notes = Rc::new(Notes::default());
        let scope = Scope::new(1, 1, Arc::new(minijinja::Value::UNDEFINED));
        Self { client: factory.client(Rc::clone(&notes)), notes, scope }
    }

    pub async fn publish(&mut self, channel: &str, payload: &str, size: u32) -> Exchange {
        let step = PublishStep {
            endpoint: EndpointId(PUBLISH),
            channel: text(channel),
            payload: Json::ready(payload),
            size: Some(size),
            sharded: false,
            receivers: None,
            timeout: Duration::from_secs(5),
        };
        self.client.prepare_publish(&step, &mut self.scope).expect("nothing to fill");
        self.client.hold().await;
        self.client.publish(&step, None, &mut self.scope).await
    }

    pub async fn subscribe(&mut self, channels: &[&str], pattern: bool) -> Exchange {
        self.listen(channels, pattern, false).await
    }

    pub async fn subscribe_shards(&mut self, channels: &[&str]) -> Exchange {
        self.listen(channels, false, true).await
    }

    async fn listen(&mut self, channels: &[&str], pattern: bool, sharded: bool) -> Exchange {
        let step = SubscribeStep {
            endpoint: EndpointId(SUBSCRIBE),
            channels: channels.iter().map(|name| text(name)).collect(),
            pattern,
            sharded,
            measure: true,
            deliver: (DELIVER..).take(channels.len()).map(EndpointId).collect(),
        };
        self.client.prepare_subscribe(&step, &mut self.scope).expect("nothing to fill");
        self.client.subscribe().await
    }

    pub async fn command(&mut self, words: &[&str]) -> Exchange {
        let step = RedisStep {
            endpoint: EndpointId(COMMAND),
            command: words.iter().map(|word| text(word)).collect(),
            expects: Vec::new(),
            captures: Vec::new(),
            timeout: Duration::from_secs(5),
        };
        self.client.prepare_command(&step, &mut self.scope).expect("nothing to fill");
        self.client.hold().await;
        self.client.command(&step, &mut self.scope).await
    }

    pub async fn unsubscribe(&mut self, name: &str) {
        self.client.unsubscribe(&[text(name)], &mut self.scope).await.expect("nothing to fill");
    }

    /// Ends the user and says what it received.
    pub async fn finish(mut self) -> Tally {
        self.client.finish().await;
        self.notes.delivered.get()
    }
}

/// The reason of a failure, or `ok`.
pub fn reason(exchange: &Exchange) -> String {
    exchange.failure.as_ref().map_or_else(|| "ok".to_owned(), |(reason, _)| reason.to_string())
}

/// The time that so many of a hundred do not pass.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
