//! The slowest requests with their traces, and links to traces.

use crate::clean;
use crate::stats::snapshot::Row;
use crate::stats::{Snapshot, TraceId, TracedRequest};

/// Maximum number of requests in a report.
const MOST: usize = 10;

/// A request with its row.
pub struct SlowRequest<'a> {
    /// Its row.
    pub row: &'a Row,
    /// The request.
    pub request: TracedRequest,
}

/// The slowest requests of the run whose traces are known, slowest first. Empty without trace headers.
pub fn slowest(snapshot: &Snapshot) -> Vec<SlowRequest<'_>> {
    let rows =
        snapshot.slowest.iter().filter_map(|(row, slowest)| Some((snapshot.endpoints.get(*row as usize)?, slowest)));
    let mut all: Vec<SlowRequest<'_>> = rows
        .flat_map(|(row, slowest)| slowest.iter().map(move |request| SlowRequest { row, request: *request }))
        .collect();
    all.sort_by_key(|slow| std::cmp::Reverse(slow.request.took));
    all.truncate(MOST);
    all
}

/// The address of a trace; `None` without a template.
pub fn link(snapshot: &Snapshot, trace: TraceId) -> Option<String> {
    let template = snapshot.run.trace_url.as_ref()?;
    // A recorded run may come from somebody else, and a link in a report must not be a script.
    let is_web = template.starts_with("https://") || template.starts_with("http://");
    is_web.then(|| clean::line(&template.replace("{trace_id}", &trace.to_string())).into_owned())
}

/// The address of a trace, or its id without a template.
pub fn shown(snapshot: &Snapshot, trace: TraceId) -> String {
    link(snapshot, trace).unwrap_or_else(|| trace.to_string())
}
