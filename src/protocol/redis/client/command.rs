//! Executes commands.

use std::time::Instant;

use ::redis::{Arg, Cmd, Value};
use tokio::time::timeout;

use super::RedisClient;
use super::routes::{MAX_IDLE_BUFFER, Trip};
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::redis::cluster::Route;
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::trace::{Tracer, words};
use crate::protocol::redis::{arguments, evaluate, example, lookups, nested_errors};
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::{RedisStep, redis_keys};
use crate::stats::{Example, Lookups, Reason};

/// Maximum characters of a command name shown in failures.
const MAX_VERB: usize = 32;

/// Empties a command; a large one is not kept.
pub(super) fn begin(command: &mut Cmd) {
    let lengths = command.args_iter().map(|word| if let Arg::Simple(word) = word { word.len() } else { 0 });
    if lengths.sum::<usize>() > MAX_IDLE_BUFFER {
        *command = Cmd::new();
    } else {
        command.clear();
    }
}

impl RedisClient {
    fn prepare_command(&mut self, step: &RedisStep, scope: &mut Scope) -> Result<(), RenderError> {
        begin(&mut self.command);
        arguments::fill(&step.command, scope, &mut self.command, (&mut self.word, &mut self.payload))?;
        arguments::name(words(&self.command).next().unwrap_or_default(), MAX_VERB, &mut self.verb);
        self.word.shrink_to(MAX_IDLE_BUFFER);
        self.payload.shrink_to(MAX_IDLE_BUFFER);
        Ok(())
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
        self.routes.update();
        let (are_several, replica) = (self.routes.are_several(), self.shared.reads_replicas);
        let mut trip = self.routes.trip(route(&self.command, &self.verb, are_several, replica));
        // Our own pause does not count as response time: what was due meanwhile is due that much later.
        context.add_paused_time(self.routes.wait_before_connect(&trip).await);
        let expected = if step.is_blocking() { Awaiting::ServerEvent } else { Awaiting::Response };
        context.request_sent(step.endpoint, result.timings.late, expected);
        let tracer = Tracer(context.trace());
        tracer.command(&self.command);
        let started = Instant::now();
        let sent = timeout(step.timeout, self.send_command(&mut trip, result)).await;
        result.timings.service = started.elapsed();
        trip.report(step.endpoint, context);
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
        attach(result, context, || example::command(&self.command, &self.shared.secrets));
        context.request_finished();
    }

    /// The failure inside a response that is not an error itself, if any.
    fn nested_failure(&mut self, step: &RedisStep, value: &Value) -> Option<(Reason, Example)> {
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
        if self.verb == "EXEC" && *value == Value::Nil && step.expects.is_empty() {
            let reason = Reason::Other("EXEC: transaction aborted, a watched key was modified".into());
            return Some((reason, Example::default()));
        }
        nested_errors::failure(&self.verb, value, &queued, &self.shared.secrets)
    }

    async fn send_command(&mut self, trip: &mut Trip, result: &mut StepResult) -> Result<Value, RedisError> {
        if self.routes.is_cluster() && ["MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"].contains(&&*self.verb) {
            let why = format!("cluster: {} affects one node only, and other steps may go to another one", self.verb);
            return Err(RedisError::Unexpected(why));
        }
        let replica = self.shared.reads_replicas;
        let sent = async {
            // Keys are looked for in any case: the first connection may show that this is a cluster.
            let route = route(&self.command, &self.verb, true, replica);
            self.routes.connect(trip, route, result).await?;
            if trip.has_connected {
                self.transaction.reset();
            }
            self.routes.send(trip, route, &self.command, result).await
        };
        match sent.await {
            Ok((value, size)) => {
                result.bytes = size;
                Ok(value)
            }
            Err(error) => {
                self.transaction.track(&self.verb, None);
                Err(error)
            }
        }
    }
}

/// Where a command goes: to the node of its first key.
fn route<'c>(command: &'c Cmd, verb: &str, are_several: bool, reads_replicas: bool) -> Route<'c> {
    if !are_several {
        return Route::Any;
    }
    let word = |at| words(command).nth(at);
    let key = redis_keys::positions(word, command.args_iter().len()).next().and_then(word);
    match key {
        None => Route::Any,
        Some(key) if reads_replicas && redis_keys::only_reads(verb) => Route::Replica(key),
        Some(key) => Route::Master(key),
    }
}
