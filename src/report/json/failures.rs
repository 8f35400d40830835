//! Failures in the document, with examples.

use serde::Serialize;

use crate::report::{shown, traces};
use crate::stats::Snapshot;
use crate::stats::sample::{self, ExampleRequest};
use crate::store::Run;

#[derive(Serialize)]
pub(super) struct Failures<'a> {
    kinds: Vec<Failure<'a>>,
    more_kinds: u64,
    more_count: u64,
}

#[derive(Serialize)]
struct Failure<'a> {
    r#type: &'a str,
    name: &'a str,
    reason: &'a str,
    count: u64,
    first: String,
    last: String,
    example: Option<Example<'a>>,
}

#[derive(Serialize)]
struct Example<'a> {
    request: Option<Request<'a>>,
    status: Option<u16>,
    headers: &'a str,
    body: &'a str,
    detail: &'a str,
    trace_id: Option<String>,
    trace_url: Option<String>,
}

#[derive(Serialize)]
struct Request<'a> {
    line: &'a str,
    headers: &'a str,
    body: &'a str,
}

impl<'a> Failures<'a> {
    pub fn of(run: &'a Run) -> Self {
        let view = &run.last.failures;
        let kinds = view.rows.iter().map(|row| Failure {
            r#type: row.kind.name(),
            name: &row.name,
            reason: &row.reason,
            count: row.count,
            first: shown::timestamp(row.first).to_string(),
            last: shown::timestamp(row.last).to_string(),
            example: row.example.as_deref().map(|example| Example::of(example, &run.last)),
        });
        Self { kinds: kinds.collect(), more_kinds: view.more_kinds, more_count: view.more_count }
    }
}

impl<'a> Example<'a> {
    fn of(example: &'a sample::Example, snapshot: &Snapshot) -> Self {
        let request = example.request.as_ref();
        Self {
            request: request.map(|ExampleRequest { line, headers, body }| Request { line, headers, body }),
            status: example.status,
            headers: &example.headers,
            body: &example.body,
            detail: &example.detail,
            trace_id: example.trace.map(|trace| trace.to_string()),
            trace_url: example.trace.and_then(|trace| traces::link(snapshot, trace)),
        }
    }
}
