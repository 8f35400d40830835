//! A user that subscribes: it gives its receiver commands and waits for what comes of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::UserClient;
use crate::protocol::context::{Expected, UserContext};
use crate::protocol::example::attach;
use crate::protocol::redis::example;
use crate::protocol::redis::receiver::ReceiverHandle;
use crate::protocol::redis::receiver_command::{Kind, ReceiverCommand, Wanted};
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::trace::Tracer;
use crate::protocol::result::StepResult;
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::SubscribeStep;
use crate::stats::{Example, Reason};

/// Longest that a user waits for its subscriptions to be confirmed.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);

impl UserClient {
    fn prepare_subscribe(&mut self, step: &SubscribeStep, scope: &mut Scope) -> Result<(), RenderError> {
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

    /// Subscribes, and returns when the server has confirmed all of it. When it fails, it is tried again in the background
    /// until the user unsubscribes or ends.
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
        // Who waits for messages is never late.
        result.timings.late = None;
        context.sent(step.endpoint, None, Expected::Soon);
        let verb = self.wanted.first().map_or("SUBSCRIBE", |wanted| wanted.kind.verbs().0);
        let tracer = Tracer(context.trace());
        tracer.subscription(Some(verb), self.wanted.iter().map(|wanted| &*wanted.name));
        let names: Vec<Arc<str>> = self.wanted.iter().map(|wanted| Arc::clone(&wanted.name)).collect();
        let started = Instant::now();
        let (answer, answered) = oneshot::channel();
        let command = ReceiverCommand::Subscribe(std::mem::take(&mut self.wanted), answer);
        let receiver = self.receiver.get_or_insert_with(|| ReceiverHandle::start(&self.shared, &self.sink));
        let sent = receiver.send(command);
        let ended = timeout(SUBSCRIBE_TIMEOUT, answered).await;
        result.timings.service = started.elapsed();
        match ended {
            Ok(Ok(Ok(connect))) => {
                result.timings.connect = connect;
                tracer.confirmed(result.timings.service);
            }
            Ok(Ok(Err(failure))) => result.fail_if(Some(failure)),
            Ok(Err(_)) => {
                // Only a panic ends a receiver before its user.
                debug_assert!(!sent, "the receiver dropped a command");
                self.receiver = None;
                result.fail(Reason::Generator("a receiver died".into()), Example::default());
            }
            Err(_) => result.time_out(SUBSCRIBE_TIMEOUT),
        }
        attach(result, context, || example::subscription(verb, names.iter().map(|name| &**name), &self.shared.secrets));
        context.answered();
    }

    /// Unsubscribes from these names, or from all when there are none, once all that was published before has come.
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
                self.let_go((!names.is_empty()).then_some(names)).await;
            }
            Err(error) => result.outcome = error.into(),
        }
    }

    /// Ends the user: settles what its subscriptions should have received, and closes its connections.
    pub async fn finish(&mut self) {
        self.let_go(None).await;
        self.receiver = None;
        self.connection = None;
    }

    async fn let_go(&mut self, names: Option<Vec<Arc<str>>>) {
        let Some(receiver) = &self.receiver else { return };
        let (answer, answered) = oneshot::channel();
        if receiver.send(ReceiverCommand::Unsubscribe(names, answer)) {
            // The receiver limits its own wait; this one is for a receiver that is just connecting.
            let _ = timeout(self.shared.patience() + CONNECT_TIMEOUT, answered).await;
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
