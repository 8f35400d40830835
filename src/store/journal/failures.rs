//! `failures.jsonl`: a line with an example for each new kind of failure, and one whenever its count is updated.

use std::collections::HashMap;

use serde::Serialize;

use crate::stats::Snapshot;
use crate::stats::snapshot::FailureRow;

/// The state of each kind that was written.
#[derive(Debug, Default)]
pub(super) struct Failures {
    written: HashMap<u64, u64>,
}

/// A kind that was written before.
#[derive(Debug, Serialize)]
struct Again {
    id: u64,
    count: u64,
    last: std::time::SystemTime,
}

impl Failures {
    /// Lines for new kinds and, with `counts`, for kinds with more failures than before. Call [`Self::written`] once
    /// they are on disk.
    pub fn lines(&self, snapshot: &Snapshot, counts: bool) -> Vec<u8> {
        let mut lines = Vec::new();
        for row in &snapshot.failures.rows {
            let line = match self.written.get(&row.id) {
                None => serde_json::to_string(row),
                Some(count) if counts && *count != row.count => {
                    let FailureRow { id, count, last, .. } = *row;
                    serde_json::to_string(&Again { id, count, last })
                }
                Some(_) => continue,
            };
            if let Ok(line) = line {
                lines.extend_from_slice(line.as_bytes());
                lines.push(b'\n');
            }
        }
        lines
    }

    /// The result of [`Self::lines`] was written.
    pub fn written(&mut self, snapshot: &Snapshot, counts: bool) {
        for row in &snapshot.failures.rows {
            let known = self.written.entry(row.id).or_insert(row.count);
            if counts {
                *known = row.count;
            }
        }
    }
}
