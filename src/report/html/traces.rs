//! The slowest requests with their traces.

use serde::Serialize;

use super::escape::line;
use crate::report::{shown, traces};
use crate::stats::{Snapshot, TraceId};
use crate::units;

/// A request.
#[derive(Serialize)]
pub(super) struct Slow {
    kind: String,
    name: String,
    took: String,
    ended: String,
    failed: bool,
    trace: Trace,
}

/// A trace, with a link if there is a template of links.
#[derive(Serialize)]
pub(super) struct Trace {
    id: String,
    link: Option<String>,
}

impl Trace {
    pub fn of(snapshot: &Snapshot, trace: TraceId) -> Self {
        Self { id: trace.to_string(), link: traces::link(snapshot, trace) }
    }
}

pub(super) fn slowest(snapshot: &Snapshot) -> Vec<Slow> {
    let all = traces::slowest(snapshot).into_iter();
    all.map(|slow| Slow {
        kind: line(slow.row.kind.name()),
        name: line(&slow.row.name),
        took: units::latency(slow.request.took),
        ended: shown::moment(shown::timestamp(slow.request.at)),
        failed: slow.request.failed,
        trace: Trace::of(snapshot, slow.request.trace),
    })
    .collect()
}
