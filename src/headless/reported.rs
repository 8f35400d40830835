//! The state that was reported last, so that a change is reported once, and not too often.

use std::time::Duration;

/// Shortest time between two lines about the same state.
const PAUSE: Duration = Duration::from_secs(60);

/// A state, and the run time at which it was reported.
#[derive(Debug, Default)]
pub(super) struct Reported<T> {
    state: T,
    at: Option<Duration>,
}

impl<T: PartialEq> Reported<T> {
    /// True if `state` has to be reported now. A change within [`PAUSE`] is reported after it, if it lasts.
    pub(super) fn is_due(&mut self, state: T, now: Duration) -> bool {
        let is_early = self.at.is_some_and(|at| now.saturating_sub(at) < PAUSE);
        if state == self.state || is_early {
            return false;
        }
        (self.state, self.at) = (state, Some(now));
        true
    }

    /// True if `state` is another than the reported one; the change does not wait.
    pub(super) fn is_changed(&mut self, state: T, now: Duration) -> bool {
        if state == self.state {
            return false;
        }
        (self.state, self.at) = (state, Some(now));
        true
    }
}
