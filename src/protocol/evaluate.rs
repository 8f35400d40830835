//! Evaluates a response against its step, for all protocols: expectations first, then captures.

use std::sync::Arc;

use minijinja::Value;
use smallvec::SmallVec;

use super::result::{Captured, Check, Details};
use crate::scenario::eval::capture;
use crate::scenario::eval::capture::{Capture, CaptureSource};
use crate::scenario::eval::expect::{Expect, Subject};
use crate::scenario::eval::response::{EvaluationError, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// The two views of a response. Usually they are the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Views<'a, 'r> {
    /// For paths into JSON.
    pub json: &'a ResponseView<'r>,
    /// For everything else.
    pub plain: &'a ResponseView<'r>,
}

impl<'a, 'r> Views<'a, 'r> {
    fn of_subject(&self, subject: &Subject) -> &'a ResponseView<'r> {
        if matches!(subject, Subject::Json(_)) { self.json } else { self.plain }
    }

    fn of_source(&self, source: &CaptureSource) -> &'a ResponseView<'r> {
        if matches!(source, CaptureSource::Json(_)) { self.json } else { self.plain }
    }
}

/// The expectations and captures of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// Evaluated in order.
    pub expects: &'a [Expect],
    /// Extracted in order.
    pub captures: &'a [Capture],
}

/// Evaluates expectations and captures, and returns the failure, if any.
///
/// Captured values are put into `scope` even if an expectation fails, because later steps need them; a capture that
/// finds nothing unsets its name. The failure is the first expectation that fails, else the first capture that finds
/// nothing; its detail lists all captures that found nothing. `example` builds the example of a failure from its
/// detail.
/// With `details`, the expectations after the first failure are evaluated too, for display only.
pub(crate) fn evaluate(
    rules: Rules<'_>,
    views: Views<'_, '_>,
    scope: &mut Scope,
    mut details: Option<&mut Details>,
    example: impl FnOnce(String, &Redactor) -> Example,
) -> Option<(Reason, Example)> {
    let Rules { expects, captures } = rules;
    let mut mismatch = None;
    for (at, expect) in expects.iter().enumerate() {
        let view = views.of_subject(&expect.subject);
        let checked = if details.is_some() { expect.check_in_full(view, scope) } else { expect.check(view, scope) };
        mismatch = checked.err();
        if let Some(failure) = evaluation_failure(view, captures, scope) {
            return Some(failure);
        }
        if let Some(details) = &mut details {
            let got = mismatch.as_ref().map(|mismatch| mismatch.actual.clone());
            details.checks.push(Check { words: Arc::clone(&expect.words), got });
        }
        if mismatch.is_some() {
            if let Some(details) = &mut details {
                preview(&expects[at + 1..], views, scope, details);
            }
            break;
        }
    }
    let (mut found, mut misses) = (SmallVec::<[_; 4]>::new(), Vec::new());
    for capture in captures {
        let view = views.of_source(&capture.source);
        let taken = capture.take(view, &mut scope.rng);
        if let Some(failure) = evaluation_failure(view, captures, scope) {
            return Some(failure);
        }
        match taken {
            Ok(value) => {
                if let Some(details) = &mut details {
                    details.captures.push(Captured { name: Arc::clone(&capture.name), value: value.clone() });
                }
                found.push((capture.slot, value));
            }
            Err(miss) => {
                found.push((capture.slot, Value::UNDEFINED));
                misses.push(miss);
            }
        }
    }
    for (slot, value) in found {
        scope.set(slot, value);
    }
    if let Some(mismatch) = mismatch {
        let detail = mismatch.to_string();
        return Some((Reason::Unmet(mismatch.expected), example(detail, &scope.secrets)));
    }
    let detail = misses.iter().map(|miss| format!("{}: {}", miss.what, miss.found)).collect::<Vec<_>>().join("\n");
    let first = misses.into_iter().next()?;
    Some((Reason::NotCaptured(first.what), example(detail, &scope.secrets)))
}

/// Evaluates expectations that no longer affect the outcome, for a trace. Works on a copy of `scope`, so that templates
/// draw the same random values as in a run.
pub(crate) fn preview(expects: &[Expect], views: Views<'_, '_>, scope: &Scope, details: &mut Details) {
    let mut scope = scope.clone();
    details.checks.extend(expects.iter().map(|expect| {
        let checked = expect.check_in_full(views.of_subject(&expect.subject), &mut scope);
        let got = checked.err().map(|mismatch| mismatch.actual);
        Check { words: Arc::clone(&expect.words), got }
    }));
}

/// The failure of a response whose evaluation was abandoned. One that is only deferred keeps its captured values.
fn evaluation_failure(view: &ResponseView<'_>, captures: &[Capture], scope: &mut Scope) -> Option<(Reason, Example)> {
    let error = view.evaluation_error()?;
    let captures = if view.is_deferred() { &[] } else { captures };
    Some(not_evaluated(error, captures, scope))
}

/// The failure of a response that could not be evaluated; unsets all captures, including those already found.
pub(crate) fn not_evaluated(error: EvaluationError, captures: &[Capture], scope: &mut Scope) -> (Reason, Example) {
    capture::reset(captures, scope);
    let detail = "expectations and captures of this response have no result".to_owned();
    (Reason::Other(format!("response not evaluated: {error}").into()), Example { detail, ..Example::default() })
}
