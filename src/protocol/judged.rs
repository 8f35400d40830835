//! How an answer looks to its step, whatever protocol brought it: expectations, then captures.

use crate::scenario::capture::{Capture, CaptureSource};
use crate::scenario::expect::{Expect, Subject};
use crate::scenario::reply::ReplyView;
use crate::scenario::template::Scope;
use crate::stats::{Example, Reason};

/// An answer in the two ways in which it is read: mostly the same one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Views<'a, 'r> {
    /// For paths into JSON.
    pub json: &'a ReplyView<'r>,
    /// For everything else.
    pub plain: &'a ReplyView<'r>,
}

/// Puts what is captured into `scope`, also where an expectation does not hold, for later steps need it. The failure, if
/// there is one, is the first expectation that does not hold, else the first capture that finds nothing; its detail names
/// every miss. `example` makes the example of a failure from its detail.
pub(crate) fn look(
    (expects, captures): (&[Expect], &[Capture]),
    views: Views<'_, '_>,
    scope: &mut Scope,
    example: impl FnOnce(String) -> Example,
) -> Option<(Reason, Example)> {
    let view = |json: bool| if json { views.json } else { views.plain };
    let mut unmet = None;
    for expect in expects {
        unmet = expect.judge(view(matches!(expect.subject, Subject::Json(_))), scope).err();
        if unmet.is_some() {
            break;
        }
    }
    let mut misses = Vec::new();
    for capture in captures {
        match capture.take(view(matches!(capture.source, CaptureSource::Json(_))), &mut scope.rng) {
            Ok(value) => scope.set(capture.slot, value),
            Err(miss) => misses.push(miss),
        }
    }
    if let Some(mismatch) = unmet {
        let detail = mismatch.to_string();
        return Some((Reason::Unmet(mismatch.expected), example(detail)));
    }
    let detail = misses.iter().map(|miss| format!("{}: {}", miss.what, miss.found)).collect::<Vec<_>>().join("\n");
    let first = misses.into_iter().next()?;
    Some((Reason::NotCaptured(first.what), example(detail)))
}
