//! Subscriptions of a user: sends commands to its receiver and waits for their result.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::cluster_routing::Slot;
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::RedisClient;
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::redis::cluster::Kind;
use crate::protocol::redis::example;
use crate::protocol::redis::receiver::ReceiverHandle;
use crate::protocol::redis::receiver_command::{ReceiverCommand, SubscriptionKind, SubscriptionRequest};
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::trace::Tracer;
use crate::protocol::result::StepResult;
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::SubscribeStep;
use crate::stats::{Example, Reason};

/// Maximum number of slots of a cluster whose channels a user subscribes to: each needs a connection.
const MAX_SHARDS: usize = 256;
/// Maximum wait for the confirmation of subscriptions.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);

impl RedisClient {
    fn prepare_subscribe(&mut self, step: &SubscribeStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.wanted.clear();
        let kind = match (step.pattern, step.sharded) {
            (true, _) => SubscriptionKind::Pattern,
            (false, true) => SubscriptionKind::Shard,
            (false, false) => SubscriptionKind::Channel,
        };
        for (i, text) in step.channels.iter().enumerate() {
            let name = rendered(text, scope)?;
            let deliver = step.deliver.get(i).filter(|_| step.measure).map(|row| row.0);
            self.wanted.push(SubscriptionRequest { kind, name, row: step.endpoint.0, deliver });
        }
        Ok(())
    }

    /// Subscribes, and returns when the server has confirmed all subscriptions. After a failure, the receiver retries
    /// in the background until the user unsubscribes or ends.
    pub async fn subscribe(
        &mut self,
        step: &SubscribeStep,
        scope: &mut Scope,
        context: &dyn UserContext,
        result: &mut StepResult,
    ) {
        if let Err(error) = self.prepare_subscribe(step, scope) {
            result.outcome = error.into();
            return;
        }
        // A subscriber is never late.
        result.timings.late = None;
        context.request_sent(step.endpoint, None, Awaiting::Response);
        let verb = self.wanted.first().map_or("SUBSCRIBE", |wanted| wanted.kind.verbs().0);
        let tracer = Tracer(context.trace());
        tracer.subscription(Some(verb), self.wanted.iter().map(|wanted| &*wanted.name));
        let names: Vec<Arc<str>> = self.wanted.iter().map(|wanted| Arc::clone(&wanted.name)).collect();
        let started = Instant::now();
        let request = async {
            // A sharded channel may have a node of its own.
            let nodes = &self.shared.servers.nodes;
            if nodes.must_learn() || (step.sharded && nodes.are_unknown()) {
                // If no server responds, the receivers report that, and keep trying.
                drop(Box::pin(self.shared.servers.learn(CONNECT_TIMEOUT)).await);
            }
            self.request_all().await
        };
        let ended = timeout(SUBSCRIBE_TIMEOUT, request).await;
        result.timings.service = started.elapsed();
        match ended {
            Ok(Ok(connect)) => {
                result.timings.connect = connect;
                tracer.confirmed(result.timings.service);
            }
            Ok(Err(failure)) => result.fail_if(Some(failure)),
            Err(_) => result.time_out(SUBSCRIBE_TIMEOUT),
        }
        attach(result, context, || example::subscription(verb, names.iter().map(|name| &**name), &self.shared.secrets));
        context.request_finished();
    }

    /// Requests all wanted subscriptions, and waits for their confirmation. Returns the longest time to connect, or the
    /// first failure.
    async fn request_all(&mut self) -> Result<Option<Duration>, (Reason, Example)> {
        let mut pending = Vec::new();
        for (slot, requests) in self.by_receiver() {
            let anchor = slot.and_then(|_| requests.first().map(|request| Arc::clone(&request.name)));
            if slot.is_some_and(|slot| !self.shards.contains_key(&slot)) && self.shards.len() >= MAX_SHARDS {
                let why = format!("one user can subscribe to channels in at most {MAX_SHARDS} slots of a cluster");
                return Err((Reason::Other(why.into()), Example::default()));
            }
            let start = || ReceiverHandle::start(&self.shared, &self.sink, anchor);
            let receiver = match slot {
                Some(slot) => self.shards.entry(slot).or_insert_with(start),
                None => self.receiver.get_or_insert_with(start),
            };
            let (done, finished) = oneshot::channel();
            receiver.send(ReceiverCommand::Subscribe(requests, done));
            pending.push(finished);
        }
        let mut result = Ok(None);
        for finished in pending {
            let ended = match finished.await {
                Ok(ended) => ended,
                // A receiver ends before its user only by a panic.
                Err(_) => Err((Reason::Generator("the receiver stopped unexpectedly".into()), Example::default())),
            };
            match (ended, &mut result) {
                (Ok(connect), Ok(longest)) => *longest = connect.max(*longest),
                (Err(failure), Ok(_)) => result = Err(failure),
                (_, Err(_)) => {}
            }
        }
        result
    }

    /// The wanted subscriptions of each receiver: `None` is the one for everything but sharded channels of a cluster.
    fn by_receiver(&mut self) -> Vec<(Option<Slot>, Vec<SubscriptionRequest>)> {
        let kind = self.shared.servers.nodes.kind();
        let is_cluster = kind.is_none_or(|kind| kind == Kind::Cluster);
        let mut groups: Vec<(Option<Slot>, Vec<SubscriptionRequest>)> = Vec::new();
        for request in std::mem::take(&mut self.wanted) {
            let is_anchored = is_cluster && request.kind == SubscriptionKind::Shard;
            let slot = is_anchored.then(|| Slot::for_key(request.name.as_bytes()));
            match groups.iter_mut().find(|(known, _)| *known == slot) {
                Some((_, requests)) => requests.push(request),
                None => groups.push((slot, vec![request])),
            }
        }
        groups
    }

    /// Unsubscribes from these names, or from all if there are none, after everything published before has arrived.
    pub async fn unsubscribe(
        &mut self,
        names: &[Text],
        scope: &mut Scope,
        context: &dyn UserContext,
        result: &mut StepResult,
    ) {
        let names: Result<Vec<Arc<str>>, _> = names.iter().map(|text| rendered(text, scope)).collect();
        match names {
            Ok(names) => {
                Tracer(context.trace()).subscription(None, names.iter().map(|name| &**name));
                self.end_subscriptions((!names.is_empty()).then_some(names)).await;
            }
            Err(error) => result.outcome = error.into(),
        }
    }

    /// Ends the user: reconciles what its subscriptions should have received, and closes its connections.
    pub async fn finish(&mut self) {
        self.end_subscriptions(None).await;
        (self.receiver, self.shards) = (None, HashMap::new());
        self.routes.close();
    }

    async fn end_subscriptions(&mut self, names: Option<Vec<Arc<str>>>) {
        let receivers = self.receiver.iter().chain(self.shards.values());
        let leaving = receivers.filter_map(|receiver| {
            let (done, finished) = oneshot::channel();
            receiver.send(ReceiverCommand::Unsubscribe(names.clone(), done)).then_some(finished)
        });
        let leaving: Vec<_> = leaving.collect();
        // Receivers limit their own wait; this is for those that are still connecting.
        let _ = timeout(self.shared.max_wait() + CONNECT_TIMEOUT, join_all(leaving)).await;
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
