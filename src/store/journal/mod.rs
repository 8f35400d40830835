//! Writes a run to disk while it goes on, from a thread of its own.
//!
//! In: snapshots. Out: a folder that is never more than a second behind, whatever ends the process. A disk that is full
//! or slow does not touch the load: what cannot be written waits, and is written when there is room.

mod append;
mod failures;
mod intervals;
mod redis;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use self::writer::Writer;
use super::meta::Outcome;
use super::status::Status;
use super::{Meta, folder};
use crate::stats::Snapshot;
use crate::units;

/// Longest wait for the last lines of a run, and the time between two looks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);

/// A run that is being written.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    meta: Arc<Meta>,
    status: watch::Receiver<Status>,
    thread: JoinHandle<()>,
}

impl Journal {
    /// Makes a folder below `root` and writes there until the snapshots end. `outcome` judges the last one.
    ///
    /// # Errors
    /// When the folder or its files cannot be made.
    pub fn start(
        root: &Path,
        mut meta: Meta,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        outcome: impl Fn(&Snapshot) -> Outcome + Send + 'static,
    ) -> io::Result<Self> {
        let (folder, id) = folder::create(root, &meta.scenario, meta.started.into())?;
        meta.id = id;
        let meta = Arc::new(meta);
        let writer = Writer::create(&folder, Meta::clone(&meta))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (said, status) = watch::channel(Status::Writing);
        let body = move || runtime.block_on(follow(writer, snapshots, said, outcome));
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(body)?;
        Ok(Self { folder, meta, status, thread })
    }

    /// Where it is written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was known at the start.
    pub fn meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// Whether it is being written; changes are to be shown.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Waits until the last of a run that is over is written, but not for ever: nobody may be able to end the run, and a
    /// disk may hang.
    ///
    /// # Errors
    /// Says why it could not be.
    pub fn finish(self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.thread.is_finished() {
            if Instant::now() >= deadline {
                return Err(format!("it took longer than {}", units::plain(PATIENCE)));
            }
            std::thread::sleep(LOOK);
        }
        if self.thread.join().is_err() {
            return Err("an internal error".to_owned());
        }
        match &*self.status.borrow() {
            Status::Waiting(why) => Err(why.clone()),
            Status::Writing | Status::Resumed => Ok(()),
        }
    }
}

async fn follow(
    mut writer: Writer,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    said: watch::Sender<Status>,
    outcome: impl Fn(&Snapshot) -> Outcome,
) {
    loop {
        let is_gone = snapshots.changed().await.is_err();
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let is_last = is_gone || snapshot.state.is_done();
        let outcome = is_last.then(|| outcome(&snapshot));
        let written = writer.write(&snapshot, outcome);
        said.send_if_modified(|status| status.update(written.map_err(|why| why.to_string())));
        if is_last {
            return;
        }
    }
}
