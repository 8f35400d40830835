//! Status of the sinks, for display during and after a run.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

use crate::store::Sent;

/// Status of one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Name of the sink.
    pub name: &'static str,
    /// The system requests the data itself: `accepted` is the number of its requests.
    pub is_pulled: bool,
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
    /// Reason why the sink stopped early.
    pub stopped: Option<Arc<str>>,
}

impl Status {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            is_pulled: false,
            accepted: 0,
            waiting: 0,
            dropped: 0,
            points: 0,
            waiting_points: 0,
            dropped_points: 0,
            missed: 0,
            last: None,
            stopped: None,
        }
    }

    /// Counts a new request with this number of points.
    pub(super) fn enqueued(&mut self, points: u64) {
        self.waiting += 1;
        self.waiting_points += points;
    }

    /// Counts a request that was replaced by this number of others, with as many points.
    pub(super) fn split(&mut self, parts: u64) {
        self.waiting = self.waiting + parts - 1;
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
    pub(super) fn stop(&mut self, why: &Arc<str>) {
        self.stopped = Some(Arc::clone(why));
        self.lose_waiting();
    }

    /// The result at the end of a run.
    pub fn sent(&self) -> Sent {
        let why = self.stopped.as_ref().or(self.last.as_ref().map(|(message, _)| message));
        Sent {
            to: self.name.to_owned(),
            is_pulled: self.is_pulled,
            accepted: self.accepted,
            dropped: self.dropped,
            dropped_points: self.dropped_points,
            missed: self.missed,
            error: why.filter(|_| self.is_incomplete()).map(ToString::to_string),
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
