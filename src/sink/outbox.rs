//! A bounded queue of requests, sent one after the other, with retries.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::{Client, StatusCode};
use tokio::sync::Notify;

use super::http::{self, Outgoing, Response};
use super::status::{Reporter, Status};
use crate::clean;

/// Most requests that wait. At one in ten seconds that is ten minutes, after which they are of little use.
const CAPACITY: usize = 64;
/// How often a request is sent at most.
const ATTEMPTS: u32 = 4;
/// The first wait before it is sent again; each is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Longest start of a response in messages, in characters.
const EXCERPT: usize = 120;

/// What a response means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was accepted.
    Accepted,
    /// It can be sent again.
    Retry,
    /// Sending it again is pointless.
    Drop,
    /// Sending anything is pointless.
    Stop,
}

/// What most receivers mean: 2xx accepts; 408, 425, 429 and 5xx pass; 401, 403, 404 and 410 are about the address or the
/// key, and the next request would fare no better.
pub fn usual(status: StatusCode) -> Next {
    match status.as_u16() {
        200..=299 => Next::Accepted,
        408 | 425 | 429 | 500..=599 => Next::Retry,
        401 | 403 | 404 | 410 => Next::Stop,
        _ => Next::Drop,
    }
}

/// The queue of one sink.
pub struct Outbox {
    waiting: RefCell<VecDeque<Outgoing>>,
    is_closed: Cell<bool>,
    news: Notify,
    reporter: Reporter,
}

impl Outbox {
    /// An empty queue.
    pub fn new(reporter: Reporter) -> Self {
        Self { waiting: RefCell::default(), is_closed: Cell::new(false), news: Notify::new(), reporter }
    }

    /// Adds a request. A full queue drops its oldest.
    pub fn push(&self, outgoing: Outgoing) {
        if self.is_closed.get() {
            self.reporter.change(|status| status.dropped += 1);
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(outgoing);
        let is_full = waiting.len() > CAPACITY && waiting.pop_front().is_some();
        self.reporter.change(|status| {
            status.dropped += u64::from(is_full);
            status.waiting += u64::from(!is_full);
        });
        self.news.notify_one();
    }

    /// Nothing more will be added: [`Self::send`] ends when the queue is empty.
    pub fn close(&self) {
        self.is_closed.set(true);
        self.news.notify_one();
    }

    /// Sends what is in the queue and what comes, until it is closed and empty, or the receiver refuses everything.
    pub async fn send(&self, client: &Client, judge: fn(StatusCode) -> Next) {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                Some(outgoing) => {
                    if let Some(why) = self.deliver(client, &outgoing, judge).await {
                        return self.stop(&why);
                    }
                }
                None if self.is_closed.get() => return,
                None => self.news.notified().await,
            }
        }
    }

    /// Sends one request until it is accepted or given up. Returns the reason if nothing more is to be sent.
    async fn deliver(&self, client: &Client, outgoing: &Outgoing, judge: fn(StatusCode) -> Next) -> Option<Arc<str>> {
        let mut wait = FIRST_WAIT;
        for attempt in 1..=ATTEMPTS {
            let (next, after, words) = match http::post(client, outgoing).await {
                Response::Status(status, after, body) => (judge(status), after, of_status(status, &body)),
                Response::Error(why) => (Next::Retry, None, why),
            };
            let is_over = next != Next::Retry || attempt == ATTEMPTS;
            self.reporter.change(|status: &mut Status| {
                status.last = Some((Arc::clone(&words), SystemTime::now()));
                status.waiting -= u64::from(is_over);
                status.accepted += u64::from(next == Next::Accepted);
                status.dropped += u64::from(is_over && next != Next::Accepted);
            });
            if is_over {
                return (next == Next::Stop).then_some(words);
            }
            // Receivers that many generators wait for are not asked by all of them at once.
            let jitter = wait.mul_f64(fastrand::f64() / 2.0);
            tokio::time::sleep(after.map_or(wait + jitter, |after| after.min(LONGEST_WAIT))).await;
            wait *= 2;
        }
        None
    }

    fn stop(&self, why: &Arc<str>) {
        self.is_closed.set(true);
        let rest = std::mem::take(&mut *self.waiting.borrow_mut()).len();
        self.reporter.change(|status| {
            status.stopped = Some(Arc::clone(why));
            status.dropped += rest as u64;
            status.waiting = 0;
        });
    }
}

/// A status with the start of what the receiver says about it, if it is an error.
fn of_status(status: StatusCode, body: &str) -> Arc<str> {
    let line = clean::line(body.trim());
    let excerpt: String = line.chars().take(EXCERPT).collect();
    if status.is_success() || excerpt.is_empty() {
        return status.as_str().into();
    }
    format!("{}: {excerpt}", status.as_str()).into()
}
