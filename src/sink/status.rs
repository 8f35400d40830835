//! Status of the sinks, for display during and after a run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::clean;
use crate::scenario::secrets::Redactor;
use crate::store::{Sending, Sent};
use crate::units;

/// Maximum length of what a receiver said, in characters.
const MAX_EXCERPT: usize = 120;

/// Status of one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Name of the sink.
    pub name: &'static str,
    /// The system requests the data itself: `accepted` is the number of its requests.
    pub is_pulled: bool,
    /// The receiver confirms nothing: `accepted` is the number of requests that were sent.
    pub is_unconfirmed: bool,
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
    /// Why points of accepted requests were not kept.
    rejection: Option<Arc<str>>,
    /// Reason why the sink stopped early.
    pub stopped: Option<Arc<str>>,
    /// The latest response or error is an error.
    is_failing: bool,
    /// Why requests are lost that were still waiting some time after the run.
    late: Option<Arc<str>>,
}

impl Status {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            is_pulled: false,
            is_unconfirmed: false,
            accepted: 0,
            waiting: 0,
            dropped: 0,
            points: 0,
            waiting_points: 0,
            dropped_points: 0,
            missed: 0,
            last: None,
            rejection: None,
            stopped: None,
            is_failing: false,
            late: None,
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

    /// Counts points that the receiver did not keep, of a request that was counted as delivered.
    pub(super) fn rejected(&mut self, points: u64, why: &str) {
        let points = points.min(self.points);
        self.points -= points;
        self.dropped_points += points;
        self.rejection = Some(why.into());
    }

    /// Notes a response, or why there was none.
    pub(super) fn answered(&mut self, message: &Arc<str>, is_error: bool) {
        self.last = Some((Arc::clone(message), SystemTime::now()));
        self.is_failing = is_error;
    }

    /// Counts what is still waiting this long after the run as lost, if anything is.
    pub(super) fn run_out(&mut self, after: Duration) {
        // After an error, the receiver may have responded to each request.
        let what = if self.is_failing { "delivered" } else { "answered" };
        let why = || format!("not {what} within {}s after the run", after.as_secs()).into();
        self.late = (self.waiting > 0).then(why);
        self.lose_waiting();
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
        let last = self.last.as_ref().filter(|_| self.is_failing).map(|(message, _)| &**message);
        let rejection = self.rejection.as_deref().filter(|_| self.dropped == 0);
        let why = match self.stopped.as_deref().or(rejection) {
            Some(why) => why.to_owned(),
            None => last.into_iter().chain(self.late.as_deref()).collect::<Vec<_>>().join("; "),
        };
        Sent {
            to: self.name.to_owned(),
            is_pulled: self.is_pulled,
            is_unconfirmed: self.is_unconfirmed,
            accepted: self.accepted,
            dropped: self.dropped,
            dropped_points: self.dropped_points,
            missed: self.missed,
            error: Some(why).filter(|why| self.is_incomplete() && !why.is_empty()),
        }
    }

    /// The state during a run.
    pub fn sending(&self) -> Sending {
        let number = units::count(self.accepted);
        let is_one = self.accepted == 1;
        let has_points = self.points + self.waiting_points + self.dropped_points > 0;
        let noun = match (self.is_pulled, has_points, is_one) {
            (true, _, true) => "scrape",
            (true, _, false) => "scrapes",
            (false, true, true) => "batch",
            (false, true, false) => "batches",
            (false, false, true) => "request",
            (false, false, false) => "requests",
        };
        let lost = match (self.dropped_points, self.dropped, self.missed) {
            (0, 0, 0) => None,
            (0, 0, missed) => Some(format!("{}s missed", units::count(missed))),
            (0, dropped, _) => Some(format!("{} dropped", units::counted(dropped, "request"))),
            (points, ..) => Some(format!("{} dropped", units::counted(points, "point"))),
        };
        let at = self.last.as_ref().map_or_else(SystemTime::now, |(_, at)| *at);
        let stopped = self.stopped.as_ref().map(|why| (Arc::clone(why), at));
        Sending { to: self.name, sent: format!("{number} {noun}"), lost, last: stopped.or_else(|| self.last.clone()) }
    }

    /// True if the receiver did not get all data of the run.
    pub fn is_incomplete(&self) -> bool {
        self.dropped > 0 || self.dropped_points > 0 || self.missed > 0 || self.stopped.is_some()
    }
}

/// Handle to update the status of one sink.
#[derive(Debug, Clone)]
pub struct Reporter {
    all: Arc<watch::Sender<Vec<Status>>>,
    index: usize,
    secrets: Arc<Redactor>,
}

impl Reporter {
    pub(super) fn new(all: Arc<watch::Sender<Vec<Status>>>, index: usize, secrets: Arc<Redactor>) -> Self {
        Self { all, index, secrets }
    }

    /// The start of what a receiver said, on one line and without secrets.
    pub fn excerpt(&self, text: &str) -> String {
        // Masked before it is truncated: a part of a secret would not be found.
        clean::line(&self.secrets.clip(text.trim(), MAX_EXCERPT)).into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_has_its_reason() {
        let error = |answers: &[(&str, bool)], waiting: u64| {
            let mut status = Status::new("x");
            (0..waiting).for_each(|_| status.enqueued(0));
            answers.iter().for_each(|(message, is_error)| status.answered(&(*message).into(), *is_error));
            status.run_out(Duration::from_secs(4));
            status.sent().error.unwrap_or_default()
        };
        let late = "not answered within 4s after the run";
        assert_eq!((error(&[], 1), error(&[("200", false)], 1)), (late.to_owned(), late.to_owned()));
        let limited = error(&[("200", false), ("429: slow down", true)], 2);
        assert_eq!(limited, "429: slow down; not delivered within 4s after the run");
        assert_eq!(error(&[("429: slow down", true), ("200", false)], 0), "");
    }

    #[test]
    fn the_state_names_what_was_sent_and_lost() {
        let of = |change: fn(&mut Status)| {
            let mut status = Status::new("x");
            change(&mut status);
            let Sending { sent, lost, last, .. } = status.sending();
            (sent, lost.unwrap_or_default(), last.map(|(why, _)| why.to_string()).unwrap_or_default())
        };
        let text = |sent: &str, lost: &str, last: &str| (sent.to_owned(), lost.to_owned(), last.to_owned());
        assert_eq!(of(|_| {}), text("0 requests", "", ""));
        assert_eq!(of(|status| status.is_pulled = true), text("0 scrapes", "", ""));
        let half = |status: &mut Status| {
            (0..2).for_each(|_| status.enqueued(1_500));
            status.delivered(1_500);
            status.last = Some(("202".into(), SystemTime::now()));
        };
        assert_eq!(of(half), text("1 batch", "", "202"));
        let stopped = |status: &mut Status| {
            (0..2).for_each(|_| status.enqueued(1_500));
            status.last = Some(("403".into(), SystemTime::now()));
            status.stop(&"403: Forbidden".into());
        };
        assert_eq!(of(stopped), text("0 batches", "3,000 points dropped", "403: Forbidden"));
        let lost = |status: &mut Status| {
            status.enqueued(0);
            status.lost(0);
        };
        assert_eq!(of(lost), text("0 requests", "1 request dropped", ""));
        assert_eq!(of(|status| status.missed = 12), text("0 requests", "12s missed", ""));
    }
}
