//! Subscriptions of a user: sends commands to its receiver and waits for their result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::RedisClient;
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::redis::example;
use crate::protocol::redis::receiver::ReceiverHandle;
use crate::protocol::redis::receiver_command::{ReceiverCommand, SubscriptionKind, SubscriptionRequest};
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::trace::Tracer;
use crate::protocol::result::StepResult;
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::SubscribeStep;
use crate::stats::{Example, Reason};

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
        let (done, finished) = oneshot::channel();
        let command = ReceiverCommand::Subscribe(std::mem::take(&mut self.wanted), done);
        let receiver = self.receiver.get_or_insert_with(|| ReceiverHandle::start(&self.shared, &self.sink));
        let sent = receiver.send(command);
        let ended = timeout(SUBSCRIBE_TIMEOUT, finished).await;
        result.timings.service = started.elapsed();
        match ended {
            Ok(Ok(Ok(connect))) => {
                result.timings.connect = connect;
                tracer.confirmed(result.timings.service);
            }
            Ok(Ok(Err(failure))) => result.fail_if(Some(failure)),
            Ok(Err(_)) => {
                // A receiver ends before its user only by a panic.
                debug_assert!(!sent, "the receiver dropped a command");
                self.receiver = None;
                result.fail(Reason::Generator("the receiver stopped unexpectedly".into()), Example::default());
            }
            Err(_) => result.time_out(SUBSCRIBE_TIMEOUT),
        }
        attach(result, context, || example::subscription(verb, names.iter().map(|name| &**name), &self.shared.secrets));
        context.request_finished();
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
        self.receiver = None;
        self.connection = None;
    }

    async fn end_subscriptions(&mut self, names: Option<Vec<Arc<str>>>) {
        let Some(receiver) = &self.receiver else { return };
        let (done, finished) = oneshot::channel();
        if receiver.send(ReceiverCommand::Unsubscribe(names, done)) {
            // The receiver limits its own wait; this is for one that is still connecting.
            let _ = timeout(self.shared.max_wait() + CONNECT_TIMEOUT, finished).await;
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
