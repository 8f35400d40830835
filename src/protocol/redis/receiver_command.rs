//! Commands of a user to its receiver.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::stats::{Example, Reason};

/// Kind of subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionKind {
    /// `SUBSCRIBE`.
    Channel,
    /// `PSUBSCRIBE`.
    Pattern,
    /// `SSUBSCRIBE`.
    Shard,
}

impl SubscriptionKind {
    /// The commands that start and end it.
    pub fn verbs(self) -> (&'static str, &'static str) {
        match self {
            SubscriptionKind::Channel => ("SUBSCRIBE", "UNSUBSCRIBE"),
            SubscriptionKind::Pattern => ("PSUBSCRIBE", "PUNSUBSCRIBE"),
            SubscriptionKind::Shard => ("SSUBSCRIBE", "SUNSUBSCRIBE"),
        }
    }
}

/// A subscription to make.
#[derive(Debug)]
pub struct SubscriptionRequest {
    pub kind: SubscriptionKind,
    /// Channel or pattern.
    pub name: Arc<str>,
    /// The `SUBSCRIBE` row, for outages.
    pub row: u32,
    /// The `DELIVER` row; `None` if it is not measured.
    pub deliver: Option<u32>,
}

/// A command to a receiver.
#[derive(Debug)]
pub enum ReceiverCommand {
    /// Adds subscriptions. The result is sent once the server has confirmed them: the time to connect, if that was
    /// needed.
    Subscribe(Vec<SubscriptionRequest>, SubscribeResultSender),
    /// Ends these subscriptions, or all. The result is sent once all pending messages have arrived, or have timed out.
    Unsubscribe(Option<Vec<Arc<str>>>, oneshot::Sender<()>),
}

/// Receives the result of a subscription.
pub type SubscribeResultSender = oneshot::Sender<Result<Option<Duration>, (Reason, Example)>>;
