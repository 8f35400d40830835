//! Redis steps of a user, from the filled step to the recorded sample, and what its receiver measures.

use std::time::Duration;

use super::User;
use super::request::{OnTheWire, sample};
use crate::engine::shard_state::ShardState;
use crate::protocol::redis::{Delivery, Sink};
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Text};
use crate::scenario::plan::{EndpointId, PublishStep, RedisStep, SubscribeStep};
use crate::stats::Sample;
use crate::stats::delivery::Tally;

impl User {
    pub(super) async fn publish(&mut self, step: &PublishStep, late: Option<Duration>) {
        let Some(redis) = &mut self.redis else { return };
        if let Err(error) = redis.prepare_publish(step, &mut self.scope) {
            return self.unfilled(step.endpoint, &error).await;
        }
        // Our own pause is nobody's time: what is due meanwhile is due that much later.
        self.held += redis.hold().await;
        let on_the_wire = OnTheWire::new(&self.shard, step.endpoint, late);
        let exchange = redis.publish(step, late, &mut self.scope).await;
        on_the_wire.arrived();
        let expected = || step.receivers.iter().map(|matcher| format!("receivers {matcher}")).collect();
        self.tell_answered(expected, &[], &exchange);
        self.record(step.endpoint, exchange, late);
    }

    pub(super) async fn redis(&mut self, step: &RedisStep, late: Option<Duration>) {
        let Some(redis) = &mut self.redis else { return };
        if let Err(error) = redis.prepare_command(step, &mut self.scope) {
            capture::none_taken(&step.captures, &mut self.scope);
            return self.unfilled(step.endpoint, &error).await;
        }
        self.held += redis.hold().await;
        let on_the_wire = if step.is_blocking() {
            OnTheWire::listening(&self.shard, step.endpoint, late)
        } else {
            OnTheWire::new(&self.shard, step.endpoint, late)
        };
        let exchange = redis.command(step, &mut self.scope).await;
        on_the_wire.arrived();
        let expected = || step.expects.iter().map(|expect| expect.words.to_string()).collect();
        self.tell_answered(expected, &step.captures, &exchange);
        self.record(step.endpoint, exchange, late);
    }

    pub(super) async fn subscribe(&mut self, step: &SubscribeStep) {
        let Some(redis) = &mut self.redis else { return };
        if let Err(error) = redis.prepare_subscribe(step, &mut self.scope) {
            return self.unfilled(step.endpoint, &error).await;
        }
        let on_the_wire = OnTheWire::new(&self.shard, step.endpoint, None);
        let exchange = redis.subscribe().await;
        on_the_wire.arrived();
        self.tell_answered(Vec::new, &[], &exchange);
        self.record(step.endpoint, exchange, None);
    }

    pub(super) async fn unsubscribe(&mut self, names: &[Text]) {
        let Some(redis) = &mut self.redis else { return };
        if let Err(error) = redis.unsubscribe(names, &mut self.scope).await {
            self.failed("unsubscribe", &error.0).await;
        }
    }

    pub(super) fn record(&self, endpoint: EndpointId, exchange: Exchange, late: Option<Duration>) {
        let sample = sample(endpoint.0, exchange, late, &self.shard.plan.secrets);
        self.shard.recorder.borrow_mut().record(sample);
    }

    pub(super) async fn unfilled(&mut self, endpoint: EndpointId, error: &RenderError) {
        let row = &self.shard.plan.endpoints[endpoint.0 as usize];
        let place = format!("{} {}", row.method, row.name);
        self.failed_at(&place, &error.0).await;
    }
}

impl Sink for ShardState {
    fn delivered(&self, row: u32, delivery: Delivery) {
        self.recorder.borrow_mut().record(Sample {
            endpoint: row,
            service: delivery.latency,
            response: None,
            connect: None,
            first_byte: None,
            bytes: delivery.bytes,
            failure: None,
        });
    }

    fn tally(&self, row: u32, tally: &Tally) {
        self.recorder.borrow_mut().delivery(row, tally);
    }

    fn backlog(&self, behind: Duration) {
        self.recorder.borrow_mut().backlog(behind);
    }

    fn sample(&self, row: u32, exchange: Exchange) {
        let sample = sample(row, exchange, None, &self.plan.secrets);
        self.recorder.borrow_mut().record(sample);
    }
}
