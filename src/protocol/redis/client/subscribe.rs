//! A user that subscribes: it gives its receiver orders and waits for what comes of them.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{UserClient, blank, overdue};
use crate::protocol::http::Exchange;
use crate::protocol::redis::Sink;
use crate::protocol::redis::order::{Kind, Order, Wanted};
use crate::protocol::redis::receiver::Receiver;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::subscriptions::Subscriptions;
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::SubscribeStep;
use crate::stats::{Example, Reason};

/// Longest that a user waits for its subscriptions to be confirmed.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);

/// The receiver of a user, ended with it.
pub(super) struct Ears<S: Sink> {
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
    subscriptions: Rc<RefCell<Subscriptions<S>>>,
}

impl<S: Sink> Drop for Ears<S> {
    fn drop(&mut self) {
        self.task.abort();
        // The task is dropped at some later moment, when nobody may count any more. It keeps no borrow while it waits.
        if let Ok(mut subscriptions) = self.subscriptions.try_borrow_mut() {
            subscriptions.abandon();
        }
    }
}

impl<S: Sink> fmt::Debug for Ears<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears").finish_non_exhaustive()
    }
}

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
        let ears = self.ears.get_or_insert_with(|| {
            let (shared, sink) = (Arc::clone(&self.shared), Rc::clone(&self.sink));
            let subscriptions = Subscriptions::new(Arc::clone(&shared), Rc::clone(&sink));
            let subscriptions = Rc::new(RefCell::new(subscriptions));
            let (receiver, orders) = Receiver::new(shared, sink, Rc::clone(&subscriptions));
            Ears { orders, task: tokio::task::spawn_local(receiver.run()), subscriptions }
        });
        let sent = ears.orders.send(order).is_ok();
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
        self.watching.subscription(None, names.iter().map(|name| &**name));
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
