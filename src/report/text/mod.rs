//! Tables for the normal screen, like Locust's, and the summary that remains after quitting.

mod cells;
mod page;
mod redis;
mod remarks;
mod summary;
mod tables;
mod traces;
mod verdict;

pub use page::TEXT;
pub use redis::redis;
pub use remarks::{INSECURE, left_out, stability};
pub use summary::{recorded, response_times, summary, summary_of};
pub use tables::{RateWindow, requests, tables};
pub use traces::traces;
pub use verdict::{held, margin, verdict};

use crate::clean;
use crate::stats::Snapshot;

/// Formatted lines of `log` steps, without the first `seen`.
pub fn log(snapshot: &Snapshot, seen: u64) -> Vec<String> {
    snapshot.log.since(seen).iter().map(|line| format!("user {}: {}", line.user, clean::line(&line.text))).collect()
}
