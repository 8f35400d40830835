//! The files of a run while it goes on, written by a thread of their own: the load does not wait for a disk.

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

/// Run time between two states of the files that are rewritten.
const REWRITE_EVERY: Duration = Duration::from_secs(2);

/// Files that are being written.
#[derive(Debug)]
pub struct LiveCsv {
    stats: PathBuf,
    status: watch::Receiver<Status>,
    thread: JoinHandle<Result<Vec<PathBuf>, ReportError>>,
}

impl LiveCsv {
    /// Writes the files of `prefix` until the snapshots end; with `every_row`, the history has rows of endpoints too.
    ///
    /// # Errors
    /// When the history cannot be created; nothing is written then.
    pub fn start(prefix: &Path, every_row: bool, snapshots: watch::Receiver<Arc<Snapshot>>) -> io::Result<Self> {
        let first = Arc::clone(&snapshots.borrow());
        let history = History::create(with_suffix(prefix, HISTORY), every_row, &first)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let stats = with_suffix(prefix, STATS);
        let prefix = prefix.to_owned();
        let (said, status) = watch::channel(Status::Writing);
        let body = move || runtime.block_on(follow(&prefix, history, snapshots, said));
        let thread = std::thread::Builder::new().name("csv".to_owned()).spawn(body)?;
        Ok(Self { stats, status, thread })
    }

    /// Whether they are being written; changes are to be shown.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Waits until the last state of a run that is over is written, and returns the paths.
    ///
    /// # Errors
    /// Names the files that are not complete, and those that are.
    pub fn finish(self) -> Result<Vec<PathBuf>, ReportError> {
        let Self { stats, thread, .. } = self;
        thread.join().unwrap_or_else(|_| Err(ReportError::one(&stats, io::Error::other("an internal error"))))
    }
}

async fn follow(
    prefix: &Path,
    mut history: History,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    said: watch::Sender<Status>,
) -> Result<Vec<PathBuf>, ReportError> {
    let mut next = Duration::ZERO;
    let mut rewritten = Ok(());
    loop {
        let is_gone = snapshots.changed().await.is_err();
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        // What cannot be written now is said and tried again; what cannot be written at the end is an error.
        let appended = history.follow(&snapshot);
        if is_gone || snapshot.state.is_done() {
            let history = (history.path.clone(), appended.and_then(|()| history.finish()));
            return write_tables(prefix, tables(&snapshot), Some(history));
        }
        if snapshot.elapsed >= next {
            rewritten = write_tables(prefix, tables(&snapshot), None).map(drop).map_err(|why| why.to_string());
            next = snapshot.elapsed + REWRITE_EVERY;
        }
        let appended = appended.map_err(|why| ReportError::one(&history.path, why).to_string());
        said.send_if_modified(|status| status.update(appended.and_then(|()| rewritten.clone())));
    }
}
