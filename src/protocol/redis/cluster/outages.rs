//! How long the master was missing, when another server may take over from it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Times from the first failure of a server to the next command that was executed.
#[derive(Debug, Default)]
pub struct Outages {
    /// Read for every command, so that the lock is only taken when something changes.
    is_out: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    count: u64,
    total: Duration,
}

impl Outages {
    /// A server has failed.
    pub fn begin(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.is_none() {
            state.since = Some(Instant::now());
            state.count += 1;
            self.is_out.store(true, Ordering::Relaxed);
        }
    }

    /// A command was executed.
    pub fn over(&self) {
        if !self.is_out.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = state.since.take() {
            state.total += since.elapsed();
        }
        self.is_out.store(false, Ordering::Relaxed);
    }

    /// Number and total length so far, including one that is not over.
    pub fn so_far(&self) -> (u64, Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.count, state.total + state.since.map_or(Duration::ZERO, |since| since.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_last_until_a_command_is_executed() {
        let outages = Outages::default();
        outages.over();
        assert_eq!(outages.so_far(), (0, Duration::ZERO));
        outages.begin();
        outages.begin();
        assert!(outages.so_far().0 == 1 && outages.so_far().1 > Duration::ZERO);
        outages.over();
        let ended = outages.so_far();
        assert_eq!(outages.so_far(), ended);
        outages.begin();
        assert!(outages.so_far().0 == 2 && outages.so_far().1 >= ended.1);
    }
}
