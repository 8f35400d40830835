//! Status of the sinks, for display during and after a run.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

use crate::units;

/// Status of one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Name of the sink.
    pub name: &'static str,
    /// Number of requests that the receiver accepted.
    pub accepted: u64,
    /// Number of queued requests, including the one in flight.
    pub waiting: u64,
    /// Number of requests that were not delivered.
    pub dropped: u64,
    /// Number of metric points in accepted requests; 0 for sinks without metrics.
    pub points: u64,
    /// Number of metric points in queued requests.
    waiting_points: u64,
    /// Number of metric points that were not delivered.
    pub dropped_points: u64,
    /// Seconds of the run that are in no request, because the sink thread was delayed.
    pub missed: u64,
    /// Latest response or error, with its time.
    pub last: Option<(Arc<str>, SystemTime)>,
    /// Usual reason why the receiver refuses a key, for the message if it does.
    pub(super) refusal_hint: Option<Arc<str>>,
    /// Reason why the sink stopped early.
    pub stopped: Option<Arc<str>>,
}

impl Status {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            accepted: 0,
            waiting: 0,
            dropped: 0,
            points: 0,
            waiting_points: 0,
            dropped_points: 0,
            missed: 0,
            last: None,
            refusal_hint: None,
            stopped: None,
        }
    }

    /// Counts a new request with this number of points.
    pub(super) fn enqueued(&mut self, points: u64) {
        self.waiting += 1;
        self.waiting_points += points;
    }

    /// Counts a request that was split in two.
    pub(super) fn split(&mut self) {
        self.waiting += 1;
    }

    /// Counts a request that was accepted.
    pub(super) fn delivered(&mut self, points: u64) {
        self.waiting -= 1;
        self.waiting_points -= points;
        self.accepted += 1;
        self.points += points;
    }

    /// Counts a request that was not delivered.
    pub(super) fn lost(&mut self, points: u64) {
        self.waiting -= 1;
        self.waiting_points -= points;
        self.dropped += 1;
        self.dropped_points += points;
    }

    /// Counts all requests in the queue as lost.
    pub(super) fn lose_waiting(&mut self) {
        self.dropped += std::mem::take(&mut self.waiting);
        self.dropped_points += std::mem::take(&mut self.waiting_points);
    }

    /// Marks the sink as stopped early, and counts the queue as lost.
    pub(super) fn stop(&mut self, why: &str) {
        let is_refused = why.starts_with("401") || why.starts_with("403");
        self.stopped = Some(match self.refusal_hint.as_ref().filter(|_| is_refused) {
            Some(hint) => format!("{why}; {hint}").into(),
            None => why.into(),
        });
        self.lose_waiting();
    }

    /// One line for the summary of a run.
    pub fn summary(&self) -> String {
        let Self { name, accepted, dropped, missed, .. } = self;
        let all = units::count(accepted + dropped);
        let mut text = format!("{name}: {} of {all} requests delivered", units::count(*accepted));
        if self.dropped_points > 0 {
            text.push_str(&format!(", {} points dropped", units::count(self.dropped_points)));
        }
        if *missed > 0 {
            text.push_str(&format!(", without {}s of the run", units::count(*missed)));
        }
        let why = self.stopped.as_ref().or(self.last.as_ref().map(|(message, _)| message));
        match why.filter(|_| self.is_incomplete()) {
            Some(why) => format!("{text}: {why}"),
            None => text,
        }
    }

    /// True if the receiver did not get all data of the run.
    pub fn is_incomplete(&self) -> bool {
        self.dropped > 0 || self.missed > 0 || self.stopped.is_some()
    }
}

/// Handle to update the status of one sink.
#[derive(Debug, Clone)]
pub struct Reporter {
    all: Arc<watch::Sender<Vec<Status>>>,
    index: usize,
}

impl Reporter {
    pub(super) fn new(all: Arc<watch::Sender<Vec<Status>>>, index: usize) -> Self {
        Self { all, index }
    }

    /// Updates the status, and notifies receivers.
    pub fn change(&self, change: impl FnOnce(&mut Status)) {
        self.all.send_modify(|all| {
            if let Some(status) = all.get_mut(self.index) {
                change(status);
            }
        });
    }
}
