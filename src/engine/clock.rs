//! The running clock of a run: stands still while paused.

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
    /// Starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), paused: Duration::ZERO, since: None }
    }

    /// Run time so far.
    pub fn elapsed(&self) -> Duration {
        let now = self.since.unwrap_or_else(Instant::now);
        now.duration_since(self.started).saturating_sub(self.paused)
    }

    /// True while it stands still.
    pub fn is_paused(&self) -> bool {
        self.since.is_some()
    }

    /// Stands still.
    pub fn pause(&mut self) {
        self.since = self.since.or(Some(Instant::now()));
    }

    /// Goes on.
    pub fn resume(&mut self) {
        if let Some(since) = self.since.take() {
            self.paused += since.elapsed();
        }
    }
}
