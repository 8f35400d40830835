//! Connections of a subscriber that break or cannot be opened, and how they are reported.

use std::time::Instant;

use super::outage::Outage;
use super::task::Receiver;
use crate::protocol::redis::error::WireError;
use crate::protocol::redis::resp::FormatError;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::{Example, Reason};

impl Receiver {
    /// The connection could not be opened, or broke.
    pub(super) fn broken(&mut self, error: WireError, started: Instant, (was_open, stood): (bool, bool)) {
        if stood {
            self.outage.get_or_insert_with(|| Outage { since: Instant::now(), error: WireError::Closed });
        }
        if let Some(outage) = &mut self.outage
            && outage.since >= started
        {
            // It broke just now: the first attempt to come back will tell how long it lasted.
            outage.error = error;
            return;
        }
        self.failing.get_or_insert(started);
        let failure = self.not_open(&error);
        if let Some(answer) = self.waiting.take() {
            self.refusal = None;
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(Err(failure));
        } else if let Some(outage) = self.outage.take() {
            let failure = match (&error, &outage.error) {
                // It is there, and says itself what is wrong.
                (WireError::Refused(_), _) => failure,
                (_, refused @ WireError::Refused(_)) => refused.failure(&self.shared.secrets),
                // It is there, and cut us off once more before it had confirmed anything.
                _ if was_open => self.why(&outage.error),
                _ => (Reason::Network("the server cannot be reached any more (was subscribed)".into()), failure.1),
            };
            self.report(outage.since, Some(failure));
        } else {
            self.report(started, Some(failure));
        }
    }

    /// Why a connection could not be opened.
    fn not_open(&self, error: &WireError) -> (Reason, Example) {
        match error {
            WireError::Closed => {
                (Reason::Other("closed by the server before it let us subscribe".into()), Example::default())
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

    /// Why a connection that was only listening is gone: its server knows that best, unless it is we who closed it.
    pub(super) fn why(&self, error: &WireError) -> (Reason, Example) {
        let (reason, example) = error.failure(&self.shared.secrets);
        match error {
            WireError::Format(FormatError::TooLarge) => (Reason::Other("message larger than 16 MiB".into()), example),
            WireError::Format(_) | WireError::Late(_) | WireError::Refused(_) => (reason, example),
            // What we saw of it adds nothing to that.
            WireError::Closed => (Reason::Other(self.shared.why_closed().into()), Example::default()),
            WireError::Io(_) | WireError::Resolve(_) => (Reason::Other(self.shared.why_closed().into()), example),
        }
    }
}
