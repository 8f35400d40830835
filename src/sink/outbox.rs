//! A bounded queue of requests, which are sent one at a time, with retries.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio::sync::Notify;

use super::http::{self, Outgoing, Response};
use super::status::Reporter;

/// Maximum length of the queue. At one request every ten seconds, this is about ten minutes.
const CAPACITY: usize = 64;
/// Maximum number of times a request is sent.
const ATTEMPTS: u32 = 4;
/// Delay before the first retry; doubles for each further one.
const INITIAL_BACKOFF: Duration = Duration::from_millis(500);
/// Maximum delay that is accepted from `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Action after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver accepted the request.
    Accepted,
    /// The request can be retried.
    Retry,
    /// The request is too large, or not in a form that is understood: send what replaces it, or drop it.
    Split,
    /// The request was rejected; continue with the next one.
    Drop,
    /// All further requests would be rejected; stop the sink.
    Stop,
}

/// How a receiver's statuses are to be understood.
#[derive(Debug, Clone, Copy)]
pub struct Statuses {
    /// The action after a status.
    pub classify: fn(StatusCode) -> Next,
    /// What to do about a status that is an error, for its message.
    pub advice: fn(StatusCode) -> Option<&'static str>,
    /// What the body of an accepted request says was not kept.
    pub rejected: fn(&[u8]) -> Option<Rejected>,
}

/// Points that a receiver did not keep, though it accepted their request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Number of points.
    pub points: u64,
    /// The reason, as the receiver puts it.
    pub why: String,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { classify, advice: |_| None, rejected: |_| None }
    }
}

/// Default classification of a status: 2xx is success; 408, 425, 429 and 5xx are temporary errors; 413 means that the
/// request is too large; 401, 403, 404 and 410 indicate a wrong URL or key, so that all further requests would fail as
/// well.
pub fn classify(status: StatusCode) -> Next {
    match status.as_u16() {
        200..=299 => Next::Accepted,
        408 | 425 | 429 | 500..=599 => Next::Retry,
        413 => Next::Split,
        401 | 403 | 404 | 410 => Next::Stop,
        _ => Next::Drop,
    }
}

/// The queue of one sink.
pub struct Outbox {
    waiting: RefCell<VecDeque<Outgoing>>,
    is_closed: Cell<bool>,
    /// Notified when a request is added and when the queue is closed.
    changed: Notify,
    reporter: Reporter,
}

impl Outbox {
    /// Creates an empty queue.
    pub fn new(reporter: Reporter) -> Self {
        Self { waiting: RefCell::default(), is_closed: Cell::new(false), changed: Notify::new(), reporter }
    }

    /// Appends a request. Drops the oldest if the queue is full, and this one if it is closed.
    pub fn push(&self, outgoing: Outgoing) {
        self.reporter.change(|status| status.enqueued(outgoing.points));
        if self.is_closed.get() {
            self.reporter.change(|status| status.lost(outgoing.points));
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(outgoing);
        if waiting.len() > CAPACITY
            && let Some(oldest) = waiting.pop_front()
        {
            self.reporter.change(|status| status.lost(oldest.points));
        }
        self.changed.notify_one();
    }

    /// Closes the queue: [`Self::send`] returns when it is empty.
    pub fn close(&self) {
        self.is_closed.set(true);
        self.changed.notify_one();
    }

    /// Sends requests until the queue is closed and empty, or until a response stops the sink.
    pub async fn send(&self, client: &Client, statuses: Statuses) {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                Some(outgoing) => {
                    if let Some(why) = self.deliver(client, &outgoing, statuses).await {
                        return self.stop(&why);
                    }
                }
                None if self.is_closed.get() => return,
                None => self.changed.notified().await,
            }
        }
    }

    /// Sends one request, with retries. Returns the reason if the sink must stop.
    async fn deliver(&self, client: &Client, outgoing: &Outgoing, statuses: Statuses) -> Option<Arc<str>> {
        let mut backoff = INITIAL_BACKOFF;
        for attempt in 1..=ATTEMPTS {
            let mut rejected = None;
            let (next, after, message) = match http::post(client, outgoing).await {
                Response::Status(status, after, body) => {
                    let next = (statuses.classify)(status);
                    rejected = (statuses.rejected)(&body).filter(|_| next == Next::Accepted);
                    let said = self.reporter.excerpt(&String::from_utf8_lossy(&body));
                    (next, after, describe(status, &said, after, statuses.advice))
                }
                Response::Error(why) => (Next::Retry, None, self.reporter.excerpt(&why).into()),
            };
            let is_error = next != Next::Accepted;
            self.reporter.change(|status| status.answered(&message, is_error));
            if next != Next::Retry || attempt == ATTEMPTS {
                let must_stop = self.settle(outgoing, next);
                if let Some(Rejected { points, why }) = rejected {
                    let why = self.reporter.excerpt(&why);
                    self.reporter.change(|status| status.rejected(points, &why));
                }
                return must_stop.then_some(message);
            }
            // Jitter spreads the retries of several load generators.
            let jitter = backoff.mul_f64(fastrand::f64() / 2.0);
            tokio::time::sleep(after.map_or(backoff + jitter, |after| after.min(MAX_RETRY_AFTER))).await;
            backoff *= 2;
        }
        None
    }

    /// Counts a request that is not sent again, or puts what replaces it first in the queue. True if the sink must stop.
    fn settle(&self, outgoing: &Outgoing, next: Next) -> bool {
        match (next, &outgoing.split) {
            (Next::Split, Some(split)) => {
                let parts = split();
                self.reporter.change(|status| status.split(parts.len() as u64));
                let mut waiting = self.waiting.borrow_mut();
                parts.into_iter().rev().for_each(|part| waiting.push_front(part));
            }
            (Next::Accepted, _) => self.reporter.change(|status| status.delivered(outgoing.points)),
            _ => self.reporter.change(|status| status.lost(outgoing.points)),
        }
        next == Next::Stop
    }

    /// Closes the queue and drops its requests.
    fn stop(&self, why: &Arc<str>) {
        self.is_closed.set(true);
        self.waiting.borrow_mut().clear();
        self.reporter.change(|status| status.stop(why));
    }
}

/// Formats a status; for errors, with the start of the body, the advice, and how long the receiver wants to be left alone.
fn describe(
    status: StatusCode,
    said: &str,
    after: Option<Duration>,
    advice: fn(StatusCode) -> Option<&'static str>,
) -> Arc<str> {
    if status.is_success() {
        return status.as_str().into();
    }
    let redirect = || status.is_redirection().then_some("redirects are not followed");
    let parts = [Some(status.as_str()), Some(said).filter(|text| !text.is_empty()), advice(status).or_else(redirect)];
    let wait = after.map(|after| format!("; it asks to wait for {}s", after.as_secs())).unwrap_or_default();
    format!("{}{wait}", parts.into_iter().flatten().collect::<Vec<_>>().join(": ")).into()
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::sink::status::Status;

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts_its_points() {
        let (sender, statuses) = watch::channel(vec![Status::new("x")]);
        let outbox = Outbox::new(Reporter::new(Arc::new(sender), 0, Arc::default()));
        for points in 0..100 {
            let (url, headers, body) = (String::new(), reqwest::header::HeaderMap::new(), bytes::Bytes::new());
            outbox.push(Outgoing { url, headers, body, points, split: None });
        }
        let status = statuses.borrow()[0].clone();
        assert_eq!((status.waiting, status.dropped), (64, 36));
        assert_eq!(status.dropped_points, (0..36).sum::<u64>());
        outbox.stop(&"403: Forbidden".into());
        let status = statuses.borrow()[0].clone();
        assert_eq!((status.waiting, status.dropped, status.dropped_points), (0, 100, (0..100).sum::<u64>()));
        assert_eq!(status.sent().error.as_deref(), Some("403: Forbidden"));
    }
}
