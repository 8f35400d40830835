//! The commands before the users, and their progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::stats::snapshot::PrefillView;

/// The task that executes the commands.
pub struct Filling {
    /// Ends with an error if a command fails.
    pub work: JoinHandle<Result<(), String>>,
    /// Commands executed.
    pub done: Arc<AtomicU64>,
    /// Commands of the plan.
    pub total: u64,
}

/// Progress of the commands.
pub(super) struct Progress {
    done: Arc<AtomicU64>,
    pub total: u64,
    /// They are not over.
    pub is_active: bool,
    pub started: Instant,
    pub error: Option<Arc<str>>,
}

impl Progress {
    pub fn of(filling: &Filling) -> Self {
        let done = Arc::clone(&filling.done);
        Self { done, total: filling.total, is_active: true, started: Instant::now(), error: None }
    }

    pub fn view(&self) -> PrefillView {
        PrefillView { done: self.done.load(Ordering::Relaxed), total: self.total, error: self.error.clone() }
    }
}

/// Waits for the end of the task; forever without one.
pub(super) async fn end_of(work: &mut Option<JoinHandle<Result<(), String>>>) -> Result<(), String> {
    match work {
        Some(work) => work.await.unwrap_or_else(|_| Err("aborted".to_owned())),
        None => std::future::pending().await,
    }
}

/// Aborts the task.
pub(super) fn abort(work: &mut Option<JoinHandle<Result<(), String>>>) {
    if let Some(work) = work.take() {
        work.abort();
    }
}
