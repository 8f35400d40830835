//! How an answer looks to its step, whatever protocol brought it: expectations, then captures.

use minijinja::Value;
use smallvec::SmallVec;

use crate::scenario::eval::capture;
use crate::scenario::eval::capture::{Capture, CaptureSource};
use crate::scenario::eval::expect::{Expect, Subject};
use crate::scenario::eval::response::{ResponseView, Trouble};
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

/// Puts what is captured into `scope`, also where an expectation does not hold, for later steps need it; a name whose
/// capture finds nothing has no value any more. The failure, if there is one, is the first expectation that does not
/// hold, else the first capture that finds nothing; its detail names every miss. `example` makes the example of a failure
/// from its detail.
pub(crate) fn look(
    (expects, captures): (&[Expect], &[Capture]),
    views: Views<'_, '_>,
    scope: &mut Scope,
    example: impl FnOnce(String, &Redactor) -> Example,
) -> Option<(Reason, Example)> {
    let view = |json: bool| if json { views.json } else { views.plain };
    let mut unmet = None;
    for expect in expects {
        let view = view(matches!(expect.subject, Subject::Json(_)));
        unmet = expect.judge(view, scope).err();
        if let Some(failure) = given_up(view, captures, scope) {
            return Some(failure);
        }
        if unmet.is_some() {
            break;
        }
    }
    let (mut found, mut misses) = (SmallVec::<[_; 4]>::new(), Vec::new());
    for capture in captures {
        let view = view(matches!(capture.source, CaptureSource::Json(_)));
        let taken = capture.take(view, &mut scope.rng);
        if let Some(failure) = given_up(view, captures, scope) {
            return Some(failure);
        }
        match taken {
            Ok(value) => found.push((capture.slot, value)),
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

/// The failure of a response that was not evaluated to the end. One that is only deferred leaves no trace.
fn given_up(view: &ResponseView<'_>, captures: &[Capture], scope: &mut Scope) -> Option<(Reason, Example)> {
    let trouble = view.trouble()?;
    let captures = if view.is_deferred() { &[] } else { captures };
    Some(not_evaluated(trouble, captures, scope))
}

/// The failure of a response of which nothing is known: nothing was captured, whatever was found so far.
pub(crate) fn not_evaluated(trouble: Trouble, captures: &[Capture], scope: &mut Scope) -> (Reason, Example) {
    capture::none_taken(captures, scope);
    let detail = "expectations and captures of this response have no result".to_owned();
    (Reason::Other(format!("response not evaluated: {trouble}").into()), Example { detail, ..Example::default() })
}
