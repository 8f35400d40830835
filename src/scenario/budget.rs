//! How long it may take to evaluate a response: what a server sends decides how much work that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Looked at between two pieces of work; without limits by default.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    deadline: Option<Instant>,
    stopped: Option<Arc<AtomicBool>>,
}

impl Budget {
    /// Until then.
    pub fn until(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), stopped: None }
    }

    /// The same, and only until `stopped` is set.
    #[must_use]
    pub fn or_stopped(mut self, stopped: Arc<AtomicBool>) -> Self {
        self.stopped = Some(stopped);
        self
    }

    /// True when the work must end, because its time is over or nobody waits for it any more.
    pub fn is_spent(&self) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.load(Ordering::Relaxed))
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
