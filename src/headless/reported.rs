//! Limits how often a change of state is reported.

use std::time::Duration;

/// Minimum time between two reports of a state.
const PAUSE: Duration = Duration::from_secs(60);

/// A state and the run time at which it was last reported.
#[derive(Debug, Default)]
pub(super) struct Reported<T> {
    state: T,
    at: Option<Duration>,
}

impl<T: PartialEq> Reported<T> {
    /// True if `state` must be reported now. A change within [`PAUSE`] is reported later, if it lasts.
    pub(super) fn is_due(&mut self, state: T, now: Duration) -> bool {
        let is_early = self.at.is_some_and(|at| now.saturating_sub(at) < PAUSE);
        if state == self.state || is_early {
            return false;
        }
        (self.state, self.at) = (state, Some(now));
        true
    }

    /// True if `state` differs from the reported one; does not wait for [`PAUSE`].
    pub(super) fn is_changed(&mut self, state: T, now: Duration) -> bool {
        if state == self.state {
            return false;
        }
        (self.state, self.at) = (state, Some(now));
        true
    }
}
