//! Changes recorded runs: tags, notes, removal. Only one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::catalog::{Entry, Known};
use super::{Meta, Outcome, State, folder, open, read_meta};
use crate::clean;

/// Lock file held while runs are changed.
const LOCK: &str = ".lock";
/// Where the `meta.json` of a removed run goes: usage is counted from it.
pub(super) const REMOVED: &str = ".removed";
/// Prefix of folders that are being removed.
pub(super) const TRASH: &str = ".trash-";

/// Why a run cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is still active.
    #[error("{0} is being written: wait for its end")]
    Running(String),
    /// It is a member of a baseline.
    #[error("{id} is a member of the baseline {baseline:?}; `katydid runs tag {id} --remove {tag}` takes it out")]
    InBaseline {
        /// The run.
        id: String,
        /// The baseline.
        baseline: String,
        /// Its tag.
        tag: String,
    },
    /// Its files are damaged.
    #[error("{0}")]
    Damaged(String),
    /// Writing failed.
    #[error("cannot change {}: {}", path.display(), clean::cause(why))]
    Io {
        /// The folder.
        path: PathBuf,
        /// The error.
        why: io::Error,
    },
}

/// Locks `root`; waits for other processes that change runs.
pub(super) fn lock(root: &Path) -> io::Result<File> {
    let file = open_lock(root)?;
    file.lock()?;
    Ok(file)
}

/// Opens the lock file without locking it.
pub(super) fn open_lock(root: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(root.join(LOCK))
}

/// Changes tags or note of a run. Allowed at any time, even while it is recorded.
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

/// Removes a run. The figures for counting usage are kept, without details of the run.
///
/// # Errors
/// When it is active, a member of a baseline, or cannot be removed.
pub fn remove(root: &Path, entry: &Entry) -> Result<(), ChangeError> {
    let io = |why| ChangeError::Io { path: entry.folder.clone(), why };
    let _lock = lock(root).map_err(io)?;
    // Read again: another process may have changed it since it was listed.
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
    // A run that started in the same second may have been removed before.
    while place.exists() {
        n += 1;
        place = root.join(REMOVED).join(format!("{id}-{n}"));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&place)?;
    write_meta(&place, &meta)
}

/// The metadata of a run, with totals even if it did not end normally.
pub(super) fn settled(run: &Known) -> Meta {
    let outcome = run.meta.outcome.clone().unwrap_or_else(|| Outcome {
        verdict: run.verdict().to_owned(),
        reason: "the process was killed".to_owned(),
        code: 0,
        totals: run.totals,
    });
    Meta { outcome: Some(outcome), ..run.meta.clone() }
}

/// Writes `meta.json` to a temporary file and renames it. On a full disk, overwrites it: the last exit code of a run is
/// often that of a disk without room for its reports.
pub(super) fn write_meta(folder: &Path, meta: &Meta) -> io::Result<()> {
    let (path, text) = (folder.join(folder::META), serde_json::to_vec(meta)?);
    let replace = || {
        let mut file = tempfile::Builder::new().prefix(".meta-").tempfile_in(folder)?;
        file.write_all(&text)?;
        file.persist(&path).map(|_| ()).map_err(|error| error.error)
    };
    match replace() {
        Err(why) if open::is_full(&why) => overwrite(&path, &text),
        replaced => replaced,
    }
}

/// Overwrites a file, or leaves it as it was. Needs no more room if it has the same number of blocks.
fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let before = open::bytes(path, open::LARGEST_META)?;
    let write = |text: &[u8]| {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(text).and_then(|()| file.set_len(text.len() as u64))
    };
    write(text).inspect_err(|_| {
        // It had room for this.
        let _ = write(&before);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overwritten_file_has_the_new_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (before, text) in [("0123456789", "ab"), ("ab", "0123456789")] {
            fs::write(&path, before).unwrap();
            overwrite(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(overwrite(&folder.path().join("none"), b"").is_err());
    }
}
