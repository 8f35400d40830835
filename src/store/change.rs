//! What is changed of recorded runs: tags and notes, and that they go. One process at a time does it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::catalog::{Entry, Known};
use super::{Meta, Outcome, State, folder, read_meta};

/// Held while runs are changed.
const LOCK: &str = ".lock";
/// Where the `meta.json` of a run goes that its user removes: usage is counted from it.
pub(super) const REMOVED: &str = ".removed";
/// What the name of a folder begins with that is being removed.
pub(super) const TRASH: &str = ".trash-";

/// A run that cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It goes on.
    #[error("{0} is being written: wait for its end")]
    Running(String),
    /// It is what other runs are compared with.
    #[error("{id} is a member of the baseline {baseline:?}; `katydid runs tag {id} --remove {tag}` takes it out")]
    InBaseline {
        /// The run.
        id: String,
        /// The baseline.
        baseline: String,
        /// Its tag.
        tag: String,
    },
    /// Its files are not what they should be.
    #[error("{0}")]
    Damaged(String),
    /// Something cannot be written.
    #[error("cannot change {}: {why}", path.display())]
    Io {
        /// Which folder.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// Waits for other processes that change runs below `root`, and keeps them waiting.
pub(super) fn lock(root: &Path) -> io::Result<File> {
    let file = open_lock(root)?;
    file.lock()?;
    Ok(file)
}

/// The file of the lock, not locked yet.
pub(super) fn open_lock(root: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(root.join(LOCK))
}

/// Changes what its user gave to a run: tags, note. Allowed at any time, also while it is written.
///
/// # Errors
/// When its `meta.json` cannot be read or written.
pub fn edit(root: &Path, folder: &Path, change: impl FnOnce(&mut Meta)) -> Result<(), ChangeError> {
    let io = |why| ChangeError::Io { path: folder.to_owned(), why };
    let _lock = lock(root).map_err(io)?;
    let mut meta = read_meta(folder).map_err(|error| ChangeError::Damaged(error.to_string()))?;
    change(&mut meta);
    write_meta(folder, &meta).map_err(io)
}

/// Removes a run. What usage is counted from is kept elsewhere, without what the run was.
///
/// # Errors
/// When it is being written, is a member of a baseline, or cannot be removed.
pub fn remove(root: &Path, entry: &Entry) -> Result<(), ChangeError> {
    let io = |why| ChangeError::Io { path: entry.folder.clone(), why };
    let _lock = lock(root).map_err(io)?;
    // As it is now: another process may have changed it since it was listed.
    let entry = Entry::load(entry.folder.clone());
    if let Ok(run) = &entry.run {
        if run.state == State::Running {
            return Err(ChangeError::Running(entry.id));
        }
        if let Some(baseline) = run.baseline() {
            let tag = format!("{}{baseline}", super::catalog::BASELINE_TAG);
            return Err(ChangeError::InBaseline { baseline: baseline.to_owned(), tag, id: entry.id });
        }
        keep_usage(root, &entry.id, run).map_err(io)?;
    }
    let trash = root.join(format!("{TRASH}{}", entry.id));
    fs::rename(&entry.folder, &trash).and_then(|()| fs::remove_dir_all(&trash)).map_err(io)
}

fn keep_usage(root: &Path, id: &str, run: &Known) -> io::Result<()> {
    let mut meta = settled(run);
    (meta.text, meta.arguments, meta.rows, meta.tags, meta.note) = Default::default();
    let mut place = root.join(REMOVED).join(id);
    let mut n = 1;
    // A run of the same second may have been removed before.
    while place.exists() {
        n += 1;
        place = root.join(REMOVED).join(format!("{id}-{n}"));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&place)?;
    write_meta(&place, &meta)
}

/// What is known of a run, with its totals even if it did not come to its end.
pub(super) fn settled(run: &Known) -> Meta {
    let outcome = run.meta.outcome.clone().unwrap_or_else(|| Outcome {
        verdict: run.verdict().to_owned(),
        reason: "the process was killed".to_owned(),
        code: 0,
        totals: run.totals,
    });
    Meta { outcome: Some(outcome), ..run.meta.clone() }
}

/// Writes `meta.json` beside its place and renames it.
pub(super) fn write_meta(folder: &Path, meta: &Meta) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".meta-").tempfile_in(folder)?;
    file.write_all(&serde_json::to_vec(meta)?)?;
    file.persist(folder.join(folder::META)).map(|_| ()).map_err(|error| error.error)
}
