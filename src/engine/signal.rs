//! Signals from a shard to one of its users: leave, or start an iteration.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Signals a user to leave, or to start an iteration.
#[derive(Debug, Default)]
pub struct Signal {
    /// Time at which the user is aborted; set when it is retired.
    pub(super) leaves_by: Cell<Option<Instant>>,
    /// A step list is running.
    pub(super) busy: Cell<bool>,
    /// Due time of the iteration that the user must start.
    pub(super) arrival: Cell<Option<Instant>>,
    pub(super) wake: Notify,
}

impl Signal {
    /// Signal of a user that is spawned for an iteration.
    pub fn with_arrival(due: Option<Instant>) -> Rc<Self> {
        Rc::new(Self { arrival: Cell::new(due), ..Self::default() })
    }

    /// Tells the user to finish its current task and leave; the caller aborts it at `by`. A user that waits between
    /// tasks leaves immediately.
    pub fn retire(&self, by: Instant) {
        self.leaves_by.set(self.leaves_by.get().or(Some(by)));
        self.wake.notify_one();
    }

    /// True if the user starts no more iterations.
    pub fn is_retired(&self) -> bool {
        self.leaves_by.get().is_some()
    }

    /// Tells an idle user to start an iteration.
    pub fn arrive(&self, due: Instant) {
        self.arrival.set(Some(due));
        self.wake.notify_one();
    }
}
