//! What a user asks of its receiver.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::stats::{Example, Reason};

/// How a name is subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SUBSCRIBE`.
    Channel,
    /// `PSUBSCRIBE`.
    Pattern,
    /// `SSUBSCRIBE`.
    Shard,
}

impl Kind {
    /// The commands that begin and end it.
    pub fn verbs(self) -> (&'static str, &'static str) {
        match self {
            Kind::Channel => ("SUBSCRIBE", "UNSUBSCRIBE"),
            Kind::Pattern => ("PSUBSCRIBE", "PUNSUBSCRIBE"),
            Kind::Shard => ("SSUBSCRIBE", "SUNSUBSCRIBE"),
        }
    }
}

/// A name to subscribe to.
#[derive(Debug)]
pub struct Wanted {
    /// How.
    pub kind: Kind,
    /// Channel or pattern.
    pub name: Arc<str>,
    /// The `SUBSCRIBE` row, for outages.
    pub row: u32,
    /// The `DELIVER` row; `None` is not measured.
    pub deliver: Option<u32>,
}

/// What the user wants.
#[derive(Debug)]
pub enum ReceiverCommand {
    /// These names too. Answered when the server has confirmed them, with the time to connect, if that was needed.
    Subscribe(Vec<Wanted>, Answer),
    /// These names no more, or none at all. Answered when all that was sent has come, or the wait for it is over.
    Unsubscribe(Option<Vec<Arc<str>>>, oneshot::Sender<()>),
}

/// Where the answer to a subscription goes.
pub type Answer = oneshot::Sender<Result<Option<Duration>, (Reason, Example)>>;
