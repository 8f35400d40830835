//! Publishes messages.

use std::sync::Arc;
use std::time::Instant;

use ::redis::{RedisWrite as _, Value};
use tokio::time::timeout;

use super::RedisClient;
use super::command::begin;
use super::routes::{MAX_IDLE_BUFFER, Trip};
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::redis::cluster::Route;
use crate::protocol::redis::envelope::{self, Stamp};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::streams::PublishedStream;
use crate::protocol::redis::trace::Tracer;
use crate::protocol::redis::value::to_json;
use crate::protocol::redis::{clock, evaluate, example};
use crate::protocol::result::StepResult;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::PublishStep;
use crate::stats::delivery::Tally;

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
        let mut trip = self.routes.trip(route(step, &self.channel));
        // Our own pause does not count as response time: what was due meanwhile is due that much later.
        context.add_paused_time(self.routes.wait_before_connect(&trip).await);
        context.request_sent(step.endpoint, result.timings.late, Awaiting::Response);
        let tracer = Tracer(context.trace());
        let size = step.size.as_ref().map(|_| self.size);
        tracer.message(step, &self.channel, &self.payload, (self.shared.envelope, size));
        let started = Instant::now();
        let sent = timeout(step.timeout, self.send_message(step, &mut trip, result)).await;
        result.timings.service = started.elapsed();
        trip.report(step.endpoint, context);
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

    async fn send_message(
        &mut self,
        step: &PublishStep,
        trip: &mut Trip,
        result: &mut StepResult,
    ) -> Result<i64, RedisError> {
        // Before the message is stamped: connecting does not belong to its latency.
        self.routes.connect(trip, route(step, &self.channel), result).await?;
        if trip.has_connected {
            self.streams.clear();
        }
        let stream = self.stream();
        let due = result.timings.late.map_or(0, |late| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        let sent = clock::now();
        let (run, number) = (self.shared.run, stream.published());
        let stamp = Stamp { run, stream: stream.id, number, due: sent.saturating_sub(due), sent };
        self.message.clear();
        envelope::write(&mut self.message, self.shared.envelope, &stamp, &self.payload, self.size);
        begin(&mut self.command);
        for word in [step.verb().as_bytes(), self.channel.as_bytes(), &self.message] {
            self.command.write_arg(word);
        }
        self.message.shrink_to(MAX_IDLE_BUFFER);
        let (response, size) = self.routes.send(trip, route(step, &self.channel), &self.command, result).await?;
        let Value::Int(receivers) = response else {
            let text = self.shared.secrets.clip(&to_json(&response).to_string(), 160);
            let text = format!("unexpected response to PUBLISH: {}", crate::clean::line(&text));
            return Err(RedisError::Unexpected(text));
        };
        stream.accepted();
        result.bytes = size;
        Ok(receivers)
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
}

/// A message of a sharded channel goes to the node of the channel, any other to any node.
fn route<'c>(step: &PublishStep, channel: &'c str) -> Route<'c> {
    if step.sharded { Route::Master(channel.as_bytes()) } else { Route::Any }
}
