//! Writes the CSV files during a run on a separate thread, so that disks do not block the load.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::history::History;
use super::tables::{HISTORY, STATS, tables, with_suffix, write_tables};
use crate::report::error::ReportError;
use crate::stats::Snapshot;
use crate::store::Status;

/// Run time between two updates of the files that are rewritten.
const REWRITE_EVERY: Duration = Duration::from_secs(2);

/// CSV files that are written during a run.
#[derive(Debug)]
pub struct LiveCsv {
    stats: PathBuf,
    status: watch::Receiver<Status>,
    thread: JoinHandle<Result<Vec<PathBuf>, ReportError>>,
}

impl LiveCsv {
    /// Writes the files of `prefix` until the snapshots end; with `every_row`, the history also has rows of endpoints.
    ///
    /// # Errors
    /// When the history cannot be created; nothing is written.
    pub fn start(prefix: &Path, every_row: bool, snapshots: watch::Receiver<Arc<Snapshot>>) -> io::Result<Self> {
        let first = Arc::clone(&snapshots.borrow());
        let history = History::create(with_suffix(prefix, HISTORY), every_row, &first)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let stats = with_suffix(prefix, STATS);
        let prefix = prefix.to_owned();
        let (sender, status) = watch::channel(Status::Writing);
        let body = move || runtime.block_on(follow(&prefix, history, snapshots, sender));
        let thread = std::thread::Builder::new().name("csv".to_owned()).spawn(body)?;
        Ok(Self { stats, status, thread })
    }

    /// State of the files, for display.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Waits until the final state is written, and returns the paths.
    ///
    /// # Errors
    /// Names the incomplete files and the complete ones.
    pub fn finish(self) -> Result<Vec<PathBuf>, ReportError> {
        let Self { stats, thread, .. } = self;
        thread.join().unwrap_or_else(|_| Err(ReportError::one(&stats, io::Error::other("an internal error"))))
    }
}

async fn follow(
    prefix: &Path,
    mut history: History,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    sender: watch::Sender<Status>,
) -> Result<Vec<PathBuf>, ReportError> {
    let mut next = Duration::ZERO;
    let mut rewritten = Ok(());
    let mut own = vec![history.path.clone()];
    loop {
        let is_gone = snapshots.changed().await.is_err();
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        // Failed writes are reported and retried; a failure at the end is an error.
        let appended = history.follow(&snapshot);
        if is_gone || snapshot.state.is_done() {
            let history = (history.path.clone(), appended.and_then(|()| history.finish()));
            return write_tables(prefix, tables(&snapshot), Some(history)).map_err(|why| why.after(&own));
        }
        if snapshot.elapsed >= next {
            let written = write_tables(prefix, tables(&snapshot), None).map_err(|why| why.after(&own));
            for path in written.as_ref().unwrap_or_else(|why| &why.written) {
                if !own.contains(path) {
                    own.push(path.clone());
                }
            }
            rewritten = written.map(drop).map_err(|why| why.to_string());
            next = snapshot.elapsed + REWRITE_EVERY;
        }
        let appended = appended.map_err(|why| ReportError::one(&history.path, why).after(&own).to_string());
        sender.send_if_modified(|status| status.update(appended.and_then(|()| rewritten.clone())));
    }
}
