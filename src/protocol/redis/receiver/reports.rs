//! Reports connections of a subscriber that break or cannot be opened.

use std::time::Instant;

use super::attempt::Attempt;
use super::outage::Outage;
use super::task::Receiver;
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::resp::FormatError;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::{Example, Reason};

impl Receiver {
    /// Handles a connection that broke or could not be opened.
    pub(super) fn broken(&mut self, error: RedisError, attempt: Attempt) {
        let Attempt { started, was_open, was_confirmed } = attempt;
        if was_confirmed {
            self.outage.get_or_insert_with(|| Outage { since: Instant::now(), error: RedisError::Closed });
        }
        if let Some(outage) = &mut self.outage
            && outage.since >= started
        {
            // It broke just now: the first attempt to reconnect shows how long the outage lasts.
            outage.error = error;
            return;
        }
        self.failing.get_or_insert(started);
        let failure = self.connect_failure(&error);
        if let Some(done) = self.waiting.take() {
            self.refusal = None;
            // The user may have stopped waiting.
            let _ = done.send(Err(failure));
        } else if let Some(outage) = self.outage.take() {
            let failure = match (&error, &outage.error) {
                // The server responds, and says what is wrong.
                (RedisError::Refused(_), _) => failure,
                (_, refused @ RedisError::Refused(_)) => refused.failure(&self.shared.secrets),
                // The server responds, but disconnected us again before confirming anything.
                _ if was_open => self.outage_failure(&outage.error),
                _ => (Reason::Network("the server is no longer reachable (was subscribed)".into()), failure.1),
            };
            self.report(outage.since, Some(failure));
        } else {
            self.report(started, Some(failure));
        }
    }

    /// Why a connection could not be opened.
    fn connect_failure(&self, error: &RedisError) -> (Reason, Example) {
        match error {
            RedisError::Closed => {
                (Reason::Other("closed by the server before the subscription was confirmed".into()), Example::default())
            }
            error => error.failure(&self.shared.secrets),
        }
    }

    pub(super) fn report(&self, since: Instant, failure: Option<(Reason, Example)>) {
        let row = self.subscriptions().row();
        if let Some(row) = row {
            self.sample(row, since, failure);
        }
    }

    pub(super) fn sample(&self, row: u32, since: Instant, failure: Option<(Reason, Example)>) {
        let mut result = StepResult::new(Some(EndpointId(row)), None, false);
        result.timings.service = since.elapsed();
        result.timings.connect = self.connect;
        result.fail_if(failure);
        self.sink.record(result);
    }

    /// Why a listening connection broke: the server's counters explain more than the error, unless we closed it.
    pub(super) fn outage_failure(&self, error: &RedisError) -> (Reason, Example) {
        let (reason, example) = error.failure(&self.shared.secrets);
        match error {
            RedisError::Format(FormatError::TooLarge) => (Reason::Other("message larger than 16 MiB".into()), example),
            RedisError::Sentinel(_)
            | RedisError::Format(_)
            | RedisError::TimedOut(_)
            | RedisError::Refused(_)
            | RedisError::Unexpected(_) => (reason, example),
            // The error itself adds nothing.
            RedisError::Closed => (Reason::Other(self.shared.close_reason().into()), Example::default()),
            RedisError::Io(_) | RedisError::Resolve(_) => (Reason::Other(self.shared.close_reason().into()), example),
        }
    }
}
