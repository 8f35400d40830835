//! The slowest requests with their traces.

use serde::Serialize;

use crate::report::shown::{self, millis};
use crate::report::traces::{self, SlowRequest};
use crate::stats::Snapshot;

#[derive(Serialize)]
pub(super) struct Slow<'a> {
    r#type: &'a str,
    name: &'a str,
    response_time_ms: f64,
    time: String,
    failed: bool,
    trace_id: String,
    trace_url: Option<String>,
}

impl<'a> Slow<'a> {
    pub fn all(snapshot: &'a Snapshot) -> Vec<Self> {
        let slow = |SlowRequest { row, request }: SlowRequest<'a>| Slow {
            r#type: row.kind.name(),
            name: &row.name,
            response_time_ms: millis(request.took),
            time: shown::timestamp(request.at).to_string(),
            failed: request.failed,
            trace_id: request.trace.to_string(),
            trace_url: traces::link(snapshot, request.trace),
        };
        traces::slowest(snapshot).into_iter().map(slow).collect()
    }
}
