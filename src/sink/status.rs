//! How the sinks are doing.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

use crate::units;

/// How one sink is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// Requests that the receiver accepted.
    pub accepted: u64,
    /// Requests that wait in the queue, the one in flight included.
    pub waiting: u64,
    /// Requests that were given up.
    pub dropped: u64,
    /// Seconds of the run that were never put into a request, because the thread of the sinks was held up.
    pub missed: u64,
    /// The latest response or error, and when it came.
    pub last: Option<(Arc<str>, SystemTime)>,
    /// Why it sends nothing more.
    pub stopped: Option<Arc<str>>,
}

impl Status {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, accepted: 0, waiting: 0, dropped: 0, missed: 0, last: None, stopped: None }
    }

    /// One line for the end of a run.
    pub fn summary(&self) -> String {
        let Self { name, accepted, dropped, missed, .. } = self;
        let all = units::count(accepted + dropped);
        let mut text = format!("{name}: {} of {all} requests delivered", units::count(*accepted));
        if *missed > 0 {
            text.push_str(&format!(", without {}s of the run", units::count(*missed)));
        }
        let why = self.stopped.as_ref().or(self.last.as_ref().map(|(words, _)| words));
        match why.filter(|_| self.is_incomplete()) {
            Some(why) => format!("{text}: {why}"),
            None => text,
        }
    }

    /// True when something of the run did not arrive.
    pub fn is_incomplete(&self) -> bool {
        self.dropped > 0 || self.missed > 0 || self.stopped.is_some()
    }
}

/// Changes the status of one sink.
#[derive(Debug, Clone)]
pub struct Reporter {
    all: Arc<watch::Sender<Vec<Status>>>,
    index: usize,
}

impl Reporter {
    pub(super) fn new(all: Arc<watch::Sender<Vec<Status>>>, index: usize) -> Self {
        Self { all, index }
    }

    /// Applies a change.
    pub fn change(&self, change: impl FnOnce(&mut Status)) {
        self.all.send_modify(|all| {
            if let Some(status) = all.get_mut(self.index) {
                change(status);
            }
        });
    }
}
