//! The slowest requests with their traces, as lines.

use crate::clean;
use crate::report::traces::{shown, slowest};
use crate::stats::Snapshot;
use crate::units;

/// Maximum number of requests.
const MOST: usize = 5;

/// One line per request, slowest first, with a heading. Empty without trace headers.
pub fn traces(snapshot: &Snapshot) -> Vec<String> {
    let slowest = slowest(snapshot);
    let lines = slowest.iter().take(MOST).map(|slow| {
        let (row, request) = (slow.row, &slow.request);
        let failed = if request.failed { ", failed" } else { "" };
        let place = clean::line(&format!("{} {}", row.kind, row.name)).into_owned();
        format!("{:>8}  {place}{failed}  {}", units::latency(request.took), shown(snapshot, request.trace))
    });
    let heading = (!slowest.is_empty()).then(|| "Slowest requests, with their traces:".to_owned());
    heading.into_iter().chain(lines).collect()
}
