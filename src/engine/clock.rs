//! The clock of a run, which stops while the run is paused.

use std::time::Duration;

use tokio::time::Instant;

/// Run time.
#[derive(Debug)]
pub struct RunClock {
    started: Instant,
    paused: Duration,
    since: Option<Instant>,
}

impl RunClock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), paused: Duration::ZERO, since: None }
    }

    /// Run time so far.
    pub fn elapsed(&self) -> Duration {
        let now = self.since.unwrap_or_else(Instant::now);
        now.duration_since(self.started).saturating_sub(self.paused)
    }

    /// True while it is stopped.
    pub fn is_paused(&self) -> bool {
        self.since.is_some()
    }

    /// Stops.
    pub fn pause(&mut self) {
        self.since = self.since.or(Some(Instant::now()));
    }

    /// Continues.
    pub fn resume(&mut self) {
        if let Some(since) = self.since.take() {
            self.paused += since.elapsed();
        }
    }
}
