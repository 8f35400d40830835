//! Records a run on disk while it lasts, on a separate thread.
//!
//! In: snapshots. Out: a folder that is never more than a second behind, whatever ends the process. A full or slow disk
//! does not affect the load: data waits until it can be written.

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
use crate::clean;
use crate::stats::Snapshot;
use crate::units;

/// Maximum wait for the end of the recording, and polling interval.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);

/// A run that is being recorded.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    meta: Arc<Meta>,
    status: watch::Receiver<Status>,
    thread: JoinHandle<()>,
}

impl Journal {
    /// Creates a folder in `root` and records until the snapshots end. `outcome` judges the final one.
    ///
    /// # Errors
    /// When the folder or its files cannot be created.
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
        let (sender, status) = watch::channel(Status::Writing);
        let body = move || runtime.block_on(follow(writer, snapshots, sender, outcome));
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(body)?;
        Ok(Self { folder, meta, status, thread })
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The metadata at the start.
    pub fn meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// State of the recording, to show its changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Waits until a run that is over is written, with a time-out, because the disk may hang.
    ///
    /// # Errors
    /// Why it could not be written.
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
    sender: watch::Sender<Status>,
    outcome: impl Fn(&Snapshot) -> Outcome,
) {
    writer.take_memory();
    loop {
        let is_gone = snapshots.changed().await.is_err();
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let is_last = is_gone || snapshot.state.is_done();
        let outcome = is_last.then(|| outcome(&snapshot));
        let written = writer.write(&snapshot, outcome);
        sender.send_if_modified(|status| status.update(written.map_err(|why| clean::cause(&why))));
        if is_last {
            return;
        }
    }
}
