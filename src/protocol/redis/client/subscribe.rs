//! A user that subscribes: it gives its receiver orders and waits for what comes of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{UserClient, blank, overdue};
use crate::protocol::redis::order::{Kind, Order, Wanted};
use crate::protocol::redis::receiver::ReceiverHandle;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::sink::Sink;
use crate::protocol::result::Exchange;
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::SubscribeStep;
use crate::stats::{Example, Reason};

/// Longest that a user waits for its subscriptions to be confirmed.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);

impl<S: Sink> UserClient<S> {
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
        let verb = self.wanted.first().map_or("SUBSCRIBE", |wanted| wanted.kind.verbs().0);
        self.watching.subscription(Some(verb), self.wanted.iter().map(|wanted| &*wanted.name));
        let started = Instant::now();
        let mut exchange = blank();
        let (answer, answered) = oneshot::channel();
        let order = Order::Subscribe(std::mem::take(&mut self.wanted), answer);
        let receiver = self.receiver.get_or_insert_with(|| ReceiverHandle::start(&self.shared, &self.sink));
        let sent = receiver.send(order);
        let result = timeout(SUBSCRIBE_TIMEOUT, answered).await;
        exchange.service = started.elapsed();
        match result {
            Ok(Ok(Ok(connect))) => {
                exchange.connect = connect;
                self.watching.confirmed(exchange.service);
            }
            Ok(Ok(Err(failure))) => exchange.failure = Some(failure),
            Ok(Err(_)) => {
                // Only a panic ends a receiver before its user.
                debug_assert!(!sent, "the receiver dropped an order");
                self.receiver = None;
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
        self.watching.subscription(None, names.iter().map(|name| &**name));
        self.let_go((!names.is_empty()).then_some(names)).await;
        Ok(())
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
        if receiver.send(Order::Unsubscribe(names, answer)) {
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
