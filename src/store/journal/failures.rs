//! `failures.jsonl`: a line for each kind of failure when it is new, with an example, and one whenever its count is
//! written again.

use std::collections::HashMap;

use serde::Serialize;

use crate::stats::Snapshot;
use crate::stats::snapshot::FailureRow;

/// What has been written of each kind.
#[derive(Debug, Default)]
pub(super) struct Failures {
    written: HashMap<u64, u64>,
}

/// A kind that was known before.
#[derive(Debug, Serialize)]
struct Again {
    id: u64,
    count: u64,
    last: std::time::SystemTime,
}

impl Failures {
    /// The lines of kinds that are new, with `counts` also of those that have more failures now. Call
    /// [`Self::written`] once they are on the disk.
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

    /// What [`Self::lines`] returned is on the disk.
    pub fn written(&mut self, snapshot: &Snapshot, counts: bool) {
        for row in &snapshot.failures.rows {
            let known = self.written.entry(row.id).or_insert(row.count);
            if counts {
                *known = row.count;
            }
        }
    }
}
