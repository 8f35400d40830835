//! Limits the time to evaluate a response: what a server sends decides how much work that is.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A deadline that long-running work checks at intervals; unlimited by default.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    deadline: Cell<Option<Instant>>,
    length: Option<Duration>,
    stopped: Option<Arc<AtomicBool>>,
}

impl Budget {
    /// A budget with this deadline.
    pub fn until(deadline: Instant) -> Self {
        Self { deadline: Cell::new(Some(deadline)), ..Self::default() }
    }

    /// A budget of this duration, which starts at the first check.
    pub fn lasting(length: Duration) -> Self {
        Self { length: Some(length), ..Self::default() }
    }

    fn deadline(&self) -> Option<Instant> {
        if let (None, Some(length)) = (self.deadline.get(), self.length) {
            self.deadline.set(Some(Instant::now() + length));
        }
        self.deadline.get()
    }

    /// Adds a flag that ends the budget once it is set.
    #[must_use]
    pub fn or_stopped(mut self, stopped: Arc<AtomicBool>) -> Self {
        self.stopped = Some(stopped);
        self
    }

    /// True if the work must stop: its time is over, or its result is no longer needed.
    pub fn is_spent(&self) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.load(Ordering::Relaxed))
            || self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }
}
