//! What came of a step.

use std::sync::Arc;
use std::time::Duration;

use minijinja::Value;

use crate::scenario::eval::template::RenderError;
use crate::scenario::plan::EndpointId;
use crate::stats::operation::Cost;
use crate::stats::{Example, Failure, Reason};

/// What came of a step, or of a part of it that has a row of its own.
#[derive(Debug, Default)]
pub struct StepResult {
    /// The row that counts it; `None` where nothing, or nothing more, is to be counted.
    pub row: Option<EndpointId>,
    /// How long it took.
    pub timings: Timings,
    /// Bytes of the response's body, decompressed.
    pub bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What the response says that it cost the server. Boxed, because few servers say it and every user has room for it.
    pub cost: Option<Box<Cost>>,
    /// What was checked and captured; filled only for a trace.
    pub details: Option<Box<Details>>,
}

/// How long the parts of a step took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// From the send to the last byte, or to the failure.
    pub service: Duration,
    /// DNS, TCP and TLS, when a connection was opened for it.
    pub connect: Option<Duration>,
    /// The part of `connect` that was TLS with the server. Unknown for WebSockets, whose library measures only the whole,
    /// and for Redis subscriptions.
    pub tls: Option<Duration>,
    /// From the send to the headers of the response.
    pub first_byte: Option<Duration>,
    /// How much later than due its iteration began, where it had a due time.
    pub late: Option<Duration>,
}

/// How a step ended.
#[derive(Debug, Default)]
pub enum Outcome {
    /// As expected.
    #[default]
    Passed,
    /// Not as expected.
    Failed(Box<Failure>),
    /// Nothing was sent, because a template could not be filled.
    Unsent(RenderError),
}

impl From<RenderError> for Outcome {
    fn from(error: RenderError) -> Self {
        Outcome::Unsent(error)
    }
}

/// What was checked and captured.
#[derive(Debug, Default)]
pub struct Details {
    /// Every check that was made, in order.
    pub checks: Vec<Check>,
    /// Every value that was found, in order.
    pub captures: Vec<Captured>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is expected.
    pub words: Arc<str>,
    /// What came instead; `None` where the check passes.
    pub got: Option<String>,
}

/// A value that was captured.
#[derive(Debug, Clone)]
pub struct Captured {
    /// The name it was given.
    pub name: Arc<str>,
    /// The value.
    pub value: Value,
}

impl StepResult {
    /// A result that passes and has taken no time so far. `traced` is whether its details are wanted.
    pub fn new(row: Option<EndpointId>, late: Option<Duration>, traced: bool) -> Self {
        let timings = Timings { late, ..Timings::default() };
        Self { row, timings, details: traced.then(Box::default), ..Self::default() }
    }

    /// It fails.
    pub fn fail(&mut self, reason: Reason, example: Example) {
        self.outcome = Outcome::Failed(Box::new(Failure { reason, example: Some(example) }));
    }

    /// It fails if there is a failure.
    pub fn fail_if(&mut self, failure: Option<(Reason, Example)>) {
        if let Some((reason, example)) = failure {
            self.fail(reason, example);
        }
    }

    /// It has not ended within `limit`. Leaving it out would flatter the tail, so it counts with its full length.
    pub fn time_out(&mut self, limit: Duration) {
        self.timings.service = self.timings.service.max(limit);
        self.fail(Reason::Timeout(limit), Example::default());
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Failed(failure) => Some(failure),
            Outcome::Passed | Outcome::Unsent(_) => None,
        }
    }

    /// Keeps a check for a trace.
    pub fn check(&mut self, check: impl FnOnce() -> Check) {
        if let Some(details) = &mut self.details {
            details.checks.push(check());
        }
    }
}
