//! Decides which bytes of a response are kept, and evaluates it against its step.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::h1::KeptParts;
use super::limits::example_bytes;
use super::response::Response;
use super::transfer::Transfer;
use crate::protocol::context::UserContext;
use crate::protocol::evaluate::{self, Rules, Views};
use crate::protocol::offload::{self, OffloadError};
use crate::protocol::result::{Check, Details, StepResult};
use crate::scenario::eval::budget::Budget;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::{EvaluationError, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{Accepted, HttpStep, MAX_KEPT};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Larger bodies, in bytes, are evaluated on another thread, and so are those that take longer than the time below.
const MAX_INLINE_BODY: usize = 256 * 1024;
const MAX_INLINE_TIME: Duration = Duration::from_millis(20);
/// Minimum time for the evaluation of a response that arrived just before the time-out.
const MIN_EVALUATION_TIME: Duration = Duration::from_secs(1);

/// The evaluation would delay the other users of this thread for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooExpensive;

/// Evaluates the responses to one step.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The step whose expectations and captures are evaluated.
    pub step: &'a HttpStep,
    /// The user, for examples and traces.
    pub context: &'a dyn UserContext,
    /// Whether the whole body is needed.
    pub whole: bool,
    /// [`Redactor::reach`] of the plan, in bytes.
    pub reach: usize,
}

impl Evaluator<'_> {
    /// How much of a response has to be kept, given its status.
    pub fn kept_parts(&self, status: u16) -> KeptParts {
        if self.whole {
            return KeptParts { head: true, body: MAX_KEPT };
        }
        let fails = self.refusal(status).is_some_and(|reason| self.context.wants_example(self.step.endpoint, &reason));
        let looks = !self.step.expects.is_empty() || !self.step.captures.is_empty();
        // A failed expectation shows the response too.
        KeptParts { head: fails || looks, body: if fails || looks { example_bytes(self.reach) } else { 0 } }
    }

    /// The failure that makes expectations pointless, if any: status, unknown coding or size.
    fn unreadable(&self, response: &Response, secrets: &Redactor) -> Option<(Reason, Option<Example>)> {
        let example = |detail| response.is_kept.then(|| response.example(detail, secrets));
        if let Some(reason) = self.refusal(response.status) {
            return Some((reason, example(String::new())));
        }
        if self.step.keeps_body && response.has_unknown_coding {
            let reason = Reason::Malformed("the body has an unknown content-encoding".into());
            return Some((reason, example(String::new())));
        }
        if self.step.keeps_body && response.bytes > MAX_KEPT as u64 {
            let reason = Reason::Unmet("a body of at most 16 MiB, the most that is evaluated".into());
            return Some((reason, example(format!("the body has {} bytes", response.bytes))));
        }
        None
    }

    /// Evaluates the response of `transfer`, if there is one.
    ///
    /// # Errors
    /// When that would delay other users: call [`evaluate_offloaded`](Self::evaluate_elsewhere).
    pub fn conclude(&self, transfer: &mut Transfer<'_>, scope: &mut Scope) -> Result<(), TooExpensive> {
        let Transfer { result, response, .. } = transfer;
        let Some(response) = response else {
            capture::reset(&self.step.captures, scope);
            return Ok(());
        };
        if let Some(words) = self.expected_status() {
            let got = self.refusal(response.status).map(|_| response.status.to_string());
            result.check(|| Check { words, got });
        }
        if let Some((reason, example)) = self.unreadable(response, &scope.secrets) {
            if let Some(details) = &mut result.details {
                // The trace shows the remaining expectations too.
                let view = response.view(result.timings.service);
                evaluate::preview(&self.step.expects, Views { json: &view, plain: &view }, scope, details);
            }
            capture::reset(&self.step.captures, scope);
            result.fail(reason, example);
            return Ok(());
        }
        self.evaluate(response, result, scope)
    }

    /// Evaluates expectations, then captures.
    ///
    /// # Errors
    /// As [`conclude`](Self::conclude).
    pub fn evaluate(
        &self,
        response: &Response,
        result: &mut StepResult,
        scope: &mut Scope,
    ) -> Result<(), TooExpensive> {
        let step = self.step;
        if step.expects.is_empty() && step.captures.is_empty() {
            return Ok(());
        }
        let elapsed = result.timings.service;
        let is_traced = result.details.is_some();
        if !is_traced && response.body.len() > MAX_INLINE_BODY {
            return Err(TooExpensive);
        }
        // A trial has only one user, so nobody is delayed.
        let budget = if is_traced { Budget::until(self.limit(elapsed)) } else { Budget::lasting(MAX_INLINE_TIME) };
        let view = response.view(elapsed).with_budget(budget, !is_traced);
        let rules = Rules { expects: &step.expects, captures: &step.captures };
        let failure = look(rules, response, &view, scope, result.details.as_deref_mut());
        if view.is_deferred() {
            return Err(TooExpensive);
        }
        result.fail_if(failure);
        Ok(())
    }

    /// Evaluates an expensive response on another thread, until the step's time-out.
    pub async fn evaluate_offloaded(&self, transfer: &mut Transfer<'_>, scope: &mut Scope) {
        let Some(response) = transfer.response.take() else { return };
        let elapsed = transfer.result.timings.service;
        let limit = self.limit(elapsed);
        let (expects, captures) = (Arc::clone(&self.step.expects), Arc::clone(&self.step.captures));
        let mut theirs = scope.clone();
        let work = move |budget: &Budget| {
            let view = response.view(elapsed).with_budget(budget.clone(), false);
            let rules = Rules { expects: &expects, captures: &captures };
            let failure = look(rules, &response, &view, &mut theirs, None);
            (failure, theirs)
        };
        // A single search or parse cannot be interrupted; waiting for it ends here.
        let late = limit + MAX_INLINE_TIME;
        let failure = match tokio::time::timeout_at(late.into(), offload::run(Budget::until(limit), work)).await {
            Ok(Ok((failure, evaluated))) => {
                *scope = evaluated;
                failure
            }
            Ok(Err(OffloadError)) => {
                capture::reset(&self.step.captures, scope);
                Some((Reason::Generator(OffloadError.to_string().into()), Example::default()))
            }
            Err(_) => Some(evaluate::not_evaluated(EvaluationError::TimedOut, &self.step.captures, scope)),
        };
        transfer.result.fail_if(failure);
    }

    /// The deadline for evaluating a response that took `elapsed`: the step's time-out, but at least
    /// [`MIN_EVALUATION_TIME`] from now.
    pub fn limit(&self, elapsed: Duration) -> Instant {
        Instant::now() + self.step.timeout.saturating_sub(elapsed).max(MIN_EVALUATION_TIME)
    }

    /// The expected status, for a trace; `None` without a trace, or if another rule decides.
    fn expected_status(&self) -> Option<Arc<str>> {
        self.context.trace()?;
        match &self.step.accepts {
            Accepted::Ranges(_) => Some(format!("status {}", self.step.expected).into()),
            Accepted::BelowError => Some("status below 400".into()),
            Accepted::Judged => None,
        }
    }

    /// The reason why this status is a failure, if it is one.
    pub fn refusal(&self, status: u16) -> Option<Reason> {
        match &self.step.accepts {
            accepted if accepted.contains(status) => None,
            Accepted::Ranges(_) => Some(Reason::UnexpectedStatus { got: status, expected: self.step.expected.clone() }),
            Accepted::BelowError | Accepted::Judged => Some(Reason::Status(status)),
        }
    }
}

/// Evaluates expectations, then captures.
fn look(
    rules: Rules<'_>,
    response: &Response,
    view: &ResponseView<'_>,
    scope: &mut Scope,
    details: Option<&mut Details>,
) -> Option<(Reason, Example)> {
    let views = Views { json: view, plain: view };
    evaluate::evaluate(rules, views, scope, details, |detail, secrets| response.example(detail, secrets))
}
