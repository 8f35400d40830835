//! Failures on the page, with examples.

use serde::Serialize;

use super::escape::{line, lines};
use super::traces::Trace;
use crate::report::shown;
use crate::stats::Snapshot;
use crate::stats::sample::Example;
use crate::stats::snapshot::FailureRow;
use crate::units;

/// Maximum bytes of all examples, and of one section of an example.
const ALL: usize = 200_000;
const PART: usize = 4_096;

/// A kind of failure.
#[derive(Serialize)]
pub(super) struct Failure {
    kind: String,
    name: String,
    reason: String,
    count: String,
    first: String,
    last: String,
    /// The trace of the example.
    trace: Option<Trace>,
    /// Titles and texts of an example.
    parts: Vec<(String, String)>,
}

/// The most frequent kinds of failures, and a sentence about the others.
pub(super) fn failures(snapshot: &Snapshot) -> (Vec<Failure>, String) {
    let view = &snapshot.failures;
    let mut room = ALL;
    let all = view.rows.iter().map(|row| failure(row, snapshot, &mut room)).collect();
    let more = match view.more_count {
        0 => String::new(),
        count => format!("and {} failures of {} more kinds", units::count(count), units::count(view.more_kinds)),
    };
    (all, more)
}

fn failure(row: &FailureRow, snapshot: &Snapshot, room: &mut usize) -> Failure {
    let mut parts = row.example.as_deref().map(parts).unwrap_or_default();
    let size: usize = parts.iter().map(|(_, text)| text.len()).sum();
    if size > *room {
        parts = vec![("Example".to_owned(), "left out to keep this file small\n".to_owned())];
    } else {
        *room -= size;
    }
    Failure {
        kind: line(row.kind.name()),
        name: line(&row.name),
        reason: line(&row.reason),
        count: units::count(row.count),
        first: shown::moment(shown::timestamp(row.first)),
        last: shown::moment(shown::timestamp(row.last)),
        trace: row.example.as_ref().and_then(|example| Some(Trace::of(snapshot, example.trace?))),
        parts,
    }
}

fn parts(example: &Example) -> Vec<(String, String)> {
    let request = example.request.iter().flat_map(|request| {
        let head = format!("{}\n{}", request.line, request.headers);
        [("Request".to_owned(), lines(&head, PART)), ("Request body".to_owned(), lines(&request.body, PART))]
    });
    let status = example.status.map_or_else(|| "Response".to_owned(), |status| format!("Response: HTTP {status}"));
    let texts = [
        (status, &example.headers),
        ("Response body".to_owned(), &example.body),
        ("Error".to_owned(), &example.detail),
    ];
    let response = texts.into_iter().map(|(title, text)| (title, lines(text, PART)));
    request.chain(response).filter(|(_, text)| !text.is_empty()).collect()
}
