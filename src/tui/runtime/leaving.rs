//! Quitting during a run: how long to wait for its tasks.

use std::time::{Duration, Instant};

use crate::tui::exit::Exit;

/// Time for running tasks when a signal or hang-up ends the screen.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The run is stopping; the screen waits for its end.
pub(super) struct Leaving {
    exit: Exit,
    /// When to abort running tasks, unless that was done.
    abort_at: Option<Instant>,
    /// When to stop waiting.
    end_at: Instant,
}

impl Leaving {
    /// Starts waiting at `now`. Only quitting by a key waits for the stop time-out of the scenario.
    pub fn new(exit: Exit, stop_timeout: Duration, now: Instant) -> Self {
        let is_patient = exit == Exit::Quit;
        let abort_at = (!is_patient).then_some(now + GRACE);
        let end_at = now + if is_patient { stop_timeout.saturating_add(GRACE) } else { GRACE * 2 };
        Self { exit, abort_at, end_at }
    }

    /// A second request to quit: the run aborts its tasks, so the wait is short.
    pub fn again(&mut self, exit: Exit, now: Instant) {
        self.exit = match (self.exit, exit) {
            // A hang-up replaces any earlier reason.
            (Exit::HangUp, _) | (_, Exit::HangUp) => Exit::HangUp,
            (Exit::Signal(_) | Exit::Forced(_), Exit::Signal(number)) => Exit::Forced(number),
            (Exit::Quit, Exit::Signal(number)) => Exit::Signal(number),
            (known, _) => known,
        };
        self.abort_at = None;
        self.end_at = self.end_at.min(now + GRACE);
    }

    /// True once, when running tasks must be aborted.
    pub fn is_time_to_abort(&mut self, now: Instant) -> bool {
        self.abort_at.take_if(|at| now >= *at).is_some()
    }

    /// True when the wait is over.
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.end_at
    }

    /// Why the screen ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// True if there is no terminal to draw on.
    pub fn has_no_terminal(&self) -> bool {
        self.exit == Exit::HangUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_shorten_the_wait_for_tasks() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut quit = Leaving::new(Exit::Quit, second * 30, now);
        assert!(!quit.is_time_to_abort(now + second * 31) && !quit.is_over(now + second * 31));
        assert!(quit.is_over(now + second * 32));
        quit.again(Exit::Quit, now + second);
        assert_eq!(quit.exit(), Exit::Quit);
        assert!(quit.is_over(now + second * 3));
        let mut signal = Leaving::new(Exit::Signal(15), second * 30, now);
        assert!(!signal.is_time_to_abort(now + second) && signal.is_time_to_abort(now + second * 2));
        assert!(!signal.is_time_to_abort(now + second * 3), "once is enough");
        assert!(signal.is_over(now + second * 4));
        signal.again(Exit::Quit, now);
        assert_eq!(signal.exit(), Exit::Signal(15));
        signal.again(Exit::Signal(2), now);
        assert_eq!(signal.exit(), Exit::Forced(2));
        signal.again(Exit::HangUp, now);
        assert!(signal.has_no_terminal());
    }
}
