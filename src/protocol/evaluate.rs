//! Whether a response is what its step expects, whatever protocol brought it: expectations, then captures.

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

/// An answer in the two ways in which it is read: mostly the same one.
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

/// What is expected of a response, and what is captured from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// Compared in order.
    pub expects: &'a [Expect],
    /// Taken in order.
    pub captures: &'a [Capture],
}

/// Puts what is captured into `scope`, also where an expectation fails, for later steps need it; a name whose capture
/// finds nothing has no value any more. The failure, if there is one, is the first expectation that fails, else the first
/// capture that finds nothing; its detail names every miss. `example` makes the example of a failure from its detail.
/// With `details` the expectations after the first failure are compared too, without any effect but that they are shown.
pub(crate) fn evaluate(
    rules: Rules<'_>,
    views: Views<'_, '_>,
    scope: &mut Scope,
    mut details: Option<&mut Details>,
    example: impl FnOnce(String, &Redactor) -> Example,
) -> Option<(Reason, Example)> {
    let Rules { expects, captures } = rules;
    let mut unmet = None;
    for (at, expect) in expects.iter().enumerate() {
        let view = views.of_subject(&expect.subject);
        unmet = expect.judge(view, scope).err();
        if let Some(failure) = given_up(view, captures, scope) {
            return Some(failure);
        }
        if let Some(details) = &mut details {
            let got = unmet.as_ref().map(|mismatch| mismatch.actual.clone());
            details.checks.push(Check { words: Arc::clone(&expect.words), got });
        }
        if unmet.is_some() {
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
        if let Some(failure) = given_up(view, captures, scope) {
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
    if let Some(mismatch) = unmet {
        let detail = mismatch.to_string();
        return Some((Reason::Unmet(mismatch.expected), example(detail, &scope.secrets)));
    }
    let detail = misses.iter().map(|miss| format!("{}: {}", miss.what, miss.found)).collect::<Vec<_>>().join("\n");
    let first = misses.into_iter().next()?;
    Some((Reason::NotCaptured(first.what), example(detail, &scope.secrets)))
}

/// Compares expectations that decide nothing any more, for a trace. Without an effect on `scope`, so that templates draw
/// the same random values as in a run.
pub(crate) fn preview(expects: &[Expect], views: Views<'_, '_>, scope: &Scope, details: &mut Details) {
    let mut scope = scope.clone();
    details.checks.extend(expects.iter().map(|expect| {
        let got = expect.judge(views.of_subject(&expect.subject), &mut scope).err().map(|mismatch| mismatch.actual);
        Check { words: Arc::clone(&expect.words), got }
    }));
}

/// The failure of a response that was not evaluated to the end. One that is only deferred leaves no trace.
fn given_up(view: &ResponseView<'_>, captures: &[Capture], scope: &mut Scope) -> Option<(Reason, Example)> {
    let error = view.evaluation_error()?;
    let captures = if view.is_deferred() { &[] } else { captures };
    Some(not_evaluated(error, captures, scope))
}

/// The failure of a response of which nothing is known: nothing was captured, whatever was found so far.
pub(crate) fn not_evaluated(error: EvaluationError, captures: &[Capture], scope: &mut Scope) -> (Reason, Example) {
    capture::none_taken(captures, scope);
    let detail = "expectations and captures of this response have no result".to_owned();
    (Reason::Other(format!("response not evaluated: {error}").into()), Example { detail, ..Example::default() })
}
