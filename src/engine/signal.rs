//! How a shard signals to a user that it must leave, or that an iteration has arrived for it.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Asks a user to stop, or to begin an iteration that has arrived.
#[derive(Debug, Default)]
pub struct Signal {
    /// Once the user is retired: when it is aborted.
    pub(super) leaves_by: Cell<Option<Instant>>,
    /// A list of steps has begun and not ended.
    pub(super) busy: Cell<bool>,
    /// When the iteration that this user is to begin was due.
    pub(super) arrival: Cell<Option<Instant>>,
    pub(super) wake: Notify,
}

impl Signal {
    /// The signal of a user that is spawned for an iteration.
    pub fn with_arrival(due: Option<Instant>) -> Rc<Self> {
        Rc::new(Self { arrival: Cell::new(due), ..Self::default() })
    }

    /// Lets the user finish its current task and leave; the caller aborts it at `by`. A user that waits for its
    /// next task leaves at once.
    pub fn retire(&self, by: Instant) {
        self.leaves_by.set(self.leaves_by.get().or(Some(by)));
        self.wake.notify_one();
    }

    /// True when the user begins no more iterations.
    pub fn is_retired(&self) -> bool {
        self.leaves_by.get().is_some()
    }

    /// Lets an idle user begin an iteration.
    pub fn arrive(&self, due: Instant) {
        self.arrival.set(Some(due));
        self.wake.notify_one();
    }
}
