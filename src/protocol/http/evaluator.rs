//! Whether a response is what its step expects, and how much is kept of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::h1::Keep;
use super::limits::kept_for_example;
use super::response::Response;
use super::transfer::Transfer;
use crate::protocol::context::UserContext;
use crate::protocol::evaluate::{self, Rules, Views};
use crate::protocol::offload::{self, Lost};
use crate::protocol::result::{Check, Details, StepResult};
use crate::scenario::eval::budget::Budget;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::{EvaluationError, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{Accepted, HttpStep, MAX_KEPT};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Bytes of a body that are evaluated while other users wait, and for how long that may go on.
const IN_PASSING: usize = 256 * 1024;
const TIME_IN_PASSING: Duration = Duration::from_millis(20);
/// A response that came just in time has this long to be evaluated.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// A response takes too long to be evaluated while other users wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costly;

/// Evaluates the responses to one step.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// What is expected.
    pub step: &'a HttpStep,
    /// The user.
    pub context: &'a dyn UserContext,
    /// Somebody looks at the whole body.
    pub whole: bool,
    /// [`Redactor::reach`] of the plan.
    pub reach: usize,
}

impl Evaluator<'_> {
    /// How much of a response is of use.
    pub fn keeps(&self, status: u16) -> Keep {
        if self.whole {
            return Keep { head: true, body: MAX_KEPT };
        }
        let fails = self.refusal(status).is_some_and(|reason| self.context.wants_example(self.step.endpoint, &reason));
        let looks = !self.step.expects.is_empty() || !self.step.captures.is_empty();
        // An expectation that fails shows the response too.
        Keep { head: fails || looks, body: if fails || looks { kept_for_example(self.reach) } else { 0 } }
    }

    /// The failure that a whole response is, if it is one, before its expectations are looked at.
    pub fn unreadable(&self, response: &Response, secrets: &Redactor) -> Option<(Reason, Example)> {
        if let Some(reason) = self.refusal(response.status) {
            return Some((reason, response.example(String::new(), secrets)));
        }
        if self.step.keeps_body && response.is_packed {
            let reason = Reason::Malformed("the body has an unknown content-encoding".into());
            return Some((reason, response.example(String::new(), secrets)));
        }
        if self.step.keeps_body && response.bytes > MAX_KEPT as u64 {
            let reason = Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into());
            return Some((reason, response.example(format!("the body has {} bytes", response.bytes), secrets)));
        }
        None
    }

    /// Evaluates what has come, if anything has.
    ///
    /// # Errors
    /// When that would hold up other users: it is for [`evaluate_elsewhere`](Self::evaluate_elsewhere).
    pub fn conclude(&self, transfer: &mut Transfer<'_>, scope: &mut Scope) -> Result<(), Costly> {
        let Transfer { result, response, .. } = transfer;
        let Some(response) = response else {
            capture::none_taken(&self.step.captures, scope);
            return Ok(());
        };
        if let Some(words) = self.expected_status() {
            let got = self.refusal(response.status).map(|_| response.status.to_string());
            result.check(|| Check { words, got });
        }
        if let Some((reason, example)) = self.unreadable(response, &scope.secrets) {
            if let Some(details) = &mut result.details {
                // A trace shows what else is expected.
                let view = response.view(result.timings.service);
                evaluate::preview(&self.step.expects, Views { json: &view, plain: &view }, scope, details);
            }
            capture::none_taken(&self.step.captures, scope);
            result.fail(reason, example);
            return Ok(());
        }
        self.evaluate(response, result, scope)
    }

    /// Expectations, then captures.
    ///
    /// # Errors
    /// As [`conclude`](Self::conclude).
    pub fn evaluate(&self, response: &Response, result: &mut StepResult, scope: &mut Scope) -> Result<(), Costly> {
        let step = self.step;
        if step.expects.is_empty() && step.captures.is_empty() {
            return Ok(());
        }
        let elapsed = result.timings.service;
        let is_traced = result.details.is_some();
        if !is_traced && response.body.len() > IN_PASSING {
            return Err(Costly);
        }
        // A trial has one user, whom nobody waits for.
        let budget = if is_traced { Budget::until(self.limit(elapsed)) } else { Budget::lasting(TIME_IN_PASSING) };
        let view = response.view(elapsed).within(budget, !is_traced);
        let rules = Rules { expects: &step.expects, captures: &step.captures };
        let failure = look(rules, response, &view, scope, result.details.as_deref_mut());
        if view.is_deferred() {
            return Err(Costly);
        }
        result.fail_if(failure);
        Ok(())
    }

    /// The same on another thread, for a response that takes long; ends with the step's time-out.
    pub async fn evaluate_elsewhere(&self, transfer: &mut Transfer<'_>, scope: &mut Scope) {
        let Some(response) = transfer.response.take() else { return };
        let elapsed = transfer.result.timings.service;
        let limit = self.limit(elapsed);
        let (expects, captures) = (Arc::clone(&self.step.expects), Arc::clone(&self.step.captures));
        let mut theirs = scope.clone();
        let work = move |budget: &Budget| {
            let view = response.view(elapsed).within(budget.clone(), false);
            let rules = Rules { expects: &expects, captures: &captures };
            let failure = look(rules, &response, &view, &mut theirs, None);
            (failure, theirs)
        };
        // Work that cannot look at the clock, such as a single search, is waited for no longer than this.
        let late = limit + TIME_IN_PASSING;
        let failure = match tokio::time::timeout_at(late.into(), offload::run(Budget::until(limit), work)).await {
            Ok(Ok((failure, evaluated))) => {
                *scope = evaluated;
                failure
            }
            Ok(Err(Lost)) => {
                capture::none_taken(&self.step.captures, scope);
                Some((Reason::Generator(Lost.to_string().into()), Example::default()))
            }
            Err(_) => Some(evaluate::not_evaluated(EvaluationError::TimedOut, &self.step.captures, scope)),
        };
        transfer.result.fail_if(failure);
    }

    /// When evaluating a response ends that took so long: with the step's time-out, but not before it can have begun.
    pub fn limit(&self, elapsed: Duration) -> Instant {
        Instant::now() + self.step.timeout.saturating_sub(elapsed).max(LEAST_TIME)
    }

    /// The status that is expected, in words for a trace; `None` where another rule decides, or nobody watches.
    fn expected_status(&self) -> Option<Arc<str>> {
        self.context.trace()?;
        match &self.step.accepts {
            Accepted::Ranges(_) => Some(format!("status {}", self.step.expected).into()),
            Accepted::BelowError => Some("status below 400".into()),
            Accepted::Judged => None,
        }
    }

    /// Why this status is a failure, if it is one.
    pub fn refusal(&self, status: u16) -> Option<Reason> {
        match &self.step.accepts {
            accepted if accepted.contains(status) => None,
            Accepted::Ranges(_) => Some(Reason::UnexpectedStatus { got: status, expected: self.step.expected.clone() }),
            Accepted::BelowError | Accepted::Judged => Some(Reason::Status(status)),
        }
    }
}

/// Expectations, then captures.
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
