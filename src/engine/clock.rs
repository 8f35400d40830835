//! Clock of the run time, which stops while the run is paused.

use std::time::Duration;

use tokio::time::Instant;

/// Measures run time.
#[derive(Debug)]
pub struct RunClock {
    started: Instant,
    paused: Duration,
    since: Option<Instant>,
}

impl RunClock {
    /// Starts a clock.
    pub fn start() -> Self {
        Self { started: Instant::now(), paused: Duration::ZERO, since: None }
    }

    /// Run time so far, pauses excluded.
    pub fn elapsed(&self) -> Duration {
        let now = self.since.unwrap_or_else(Instant::now);
        now.duration_since(self.started).saturating_sub(self.paused)
    }

    /// True while the clock is stopped.
    pub fn is_paused(&self) -> bool {
        self.since.is_some()
    }

    /// Stops the clock; no effect while paused.
    pub fn pause(&mut self) {
        self.since = self.since.or(Some(Instant::now()));
    }

    /// Continues after a pause.
    pub fn resume(&mut self) {
        if let Some(since) = self.since.take() {
            self.paused += since.elapsed();
        }
    }
}
