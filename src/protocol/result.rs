//! The result of a step.

use std::sync::Arc;
use std::time::Duration;

use minijinja::Value;

use crate::scenario::eval::template::RenderError;
use crate::scenario::plan::EndpointId;
use crate::stats::operation::Cost;
use crate::stats::{Example, Failure, Reason, TraceId};

/// The result of a step, or of a part of it that has its own row.
#[derive(Debug, Default)]
pub struct StepResult {
    /// The row that counts it; `None` if there is nothing to count.
    pub row: Option<EndpointId>,
    /// Durations of its phases.
    pub timings: Timings,
    /// Bytes of the response body, decompressed.
    pub bytes: u64,
    /// The trace that the request started; `None` without trace headers.
    pub trace: Option<TraceId>,
    /// Passed until a failure is set.
    pub outcome: StepOutcome,
    /// Cost reported by the response. Boxed, because few servers report one and every user has a result.
    pub cost: Option<Box<Cost>>,
    /// Only for a trace.
    pub details: Option<Box<Details>>,
}

/// Durations of a step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// From sending to the last byte, or to the failure.
    pub service: Duration,
    /// DNS, TCP and TLS, if a connection was opened.
    pub connect: Option<Duration>,
    /// From sending to the headers of the response.
    pub first_byte: Option<Duration>,
    /// How late its iteration started, if that was due at a certain time.
    pub late: Option<Duration>,
}

/// The outcome of a step.
#[derive(Debug, Default)]
pub enum StepOutcome {
    /// All expectations were met.
    #[default]
    Passed,
    /// Sending failed, or an expectation was not met.
    Failed(Box<Failure>),
    /// Nothing was sent, because a template failed.
    Unsent(RenderError),
}

impl From<RenderError> for StepOutcome {
    fn from(error: RenderError) -> Self {
        StepOutcome::Unsent(error)
    }
}

/// What a trace shows in addition.
#[derive(Debug, Default)]
pub struct Details {
    /// TLS handshake with the server, included in the time to connect. Unknown for WebSockets, whose library measures
    /// only the total, and for Redis subscriptions.
    pub tls: Option<Duration>,
    /// In order.
    pub checks: Vec<Check>,
    /// Values that were found, in order.
    pub captures: Vec<Captured>,
}

impl Details {
    /// Adds a TLS handshake, if there was one.
    pub fn add_tls(&mut self, handshake: Option<Duration>) {
        self.tls = handshake.map(|one| self.tls.unwrap_or_default() + one).or(self.tls);
    }
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was expected.
    pub words: Arc<str>,
    /// The actual value; `None` if the check passes.
    pub got: Option<String>,
}

/// A captured value.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Name of the variable.
    pub name: Arc<str>,
    /// As templates see it.
    pub value: Value,
}

impl StepResult {
    /// A result that passes and has taken no time so far. `traced` enables details.
    pub fn new(row: Option<EndpointId>, late: Option<Duration>, traced: bool) -> Self {
        let timings = Timings { late, ..Timings::default() };
        Self { row, timings, details: traced.then(Box::default), ..Self::default() }
    }

    /// Sets the failure, with an example of it if there is one.
    pub fn fail(&mut self, reason: Reason, example: impl Into<Option<Example>>) {
        self.outcome = StepOutcome::Failed(Box::new(Failure { reason, example: example.into() }));
    }

    /// Sets the failure, if there is one.
    pub fn fail_if(&mut self, failure: Option<(Reason, Example)>) {
        if let Some((reason, example)) = failure {
            self.fail(reason, example);
        }
    }

    /// Fails with a time-out. Counts with at least the full `limit`: leaving it out would make the tail look better
    /// than it is.
    pub fn time_out(&mut self, limit: Duration) {
        self.timings.service = self.timings.service.max(limit);
        self.fail(Reason::Timeout(limit), Example::default());
    }

    /// The failure, if it failed.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            StepOutcome::Failed(failure) => Some(failure),
            StepOutcome::Passed | StepOutcome::Unsent(_) => None,
        }
    }

    /// Adds a check, if there is a trace.
    pub fn check(&mut self, check: impl FnOnce() -> Check) {
        if let Some(details) = &mut self.details {
            details.checks.push(check());
        }
    }
}
