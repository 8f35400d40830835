//! Archives of runs: a tar file, compressed with zstd, with a folder for each run.
//!
//! Archives are untrusted. They are unpacked only into a new folder next to the runs, only files that a run has, and
//! none larger than [`Limits`]; complete runs are then moved to their final place.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::change::lock;
use super::{folder, open, read_meta};
use crate::clean;
use crate::system::output::{self, Target};

/// Maximum length of a run id.
const LONGEST_ID: usize = 100;

/// Limits of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a file.
    pub file: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Runs.
    pub runs: usize,
}

impl Default for Limits {
    /// Enough for a thousand runs of an hour, or a week of one.
    fn default() -> Self {
        Self { file: 1 << 30, total: 4 << 30, runs: 10_000 }
    }
}

/// The result of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Ids of runs that were added.
    pub added: Vec<String>,
    /// Ids of runs that existed before, and were left unchanged.
    pub known: Vec<String>,
}

/// Why an archive was rejected. Nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read, or the runs cannot be written.
    #[error("{}", clean::cause(.0))]
    Io(#[from] io::Error),
    /// It is not an archive of runs, or is malicious.
    #[error("not an export of runs: {0}")]
    Refused(String),
}

/// Writes these runs to a file, which is complete or absent. An existing file is replaced only if it is such an archive.
///
/// # Errors
/// When a run cannot be read, or the file not written.
pub fn export<'a>(file: &Path, runs: impl IntoIterator<Item = (&'a str, &'a Path)>) -> io::Result<()> {
    if let Target::File(place) = output::target(file)?
        && place.exists()
        && !is_archive(&place)
    {
        return Err(io::Error::other("the existing file is not an export of runs, and is not overwritten"));
    }
    output::write(file, |out| {
        let mut archive = tar::Builder::new(zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?);
        for (id, folder) in runs {
            for name in folder::FILES {
                let path = folder.join(name);
                match open::regular(&path) {
                    Ok(file) => append(&mut archive, &format!("{id}/{name}"), &file)?,
                    Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                    Err(why) => return Err(io::Error::new(why.kind(), format!("{}: {why}", path.display()))),
                }
            }
        }
        archive.into_inner()?.finish()?.flush()
    })
}

/// Whether it begins with a file of a run.
fn is_archive(path: &Path) -> bool {
    let first = || -> io::Result<bool> {
        let mut archive = tar::Archive::new(zstd::Decoder::new(open::regular(path)?)?);
        let Some(entry) = archive.entries()?.raw(true).next() else { return Ok(false) };
        let entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        Ok(path.split_once('/').is_some_and(|(id, name)| is_id(id) && folder::FILES.contains(&name)))
    };
    first().unwrap_or(false)
}

/// The current contents of the file: that of an active run may grow meanwhile.
fn append(archive: &mut tar::Builder<impl io::Write>, path: &str, file: &File) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    let size = file.metadata()?.len();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_path(path)?;
    header.set_cksum();
    archive.append(&header, file.take(size))
}

/// Adds the runs of an archive to `root`.
///
/// # Errors
/// When it is damaged, contains anything but runs, or exceeds `limits`; then nothing is added.
pub fn import(root: &Path, archive: impl Read, limits: &Limits) -> Result<Imported, ArchiveError> {
    DirBuilder::new().recursive(true).mode(0o700).create(root)?;
    let new = tempfile::Builder::new().prefix(".import-").tempdir_in(root)?;
    let ids = unpack(new.path(), archive, limits)?;
    for id in &ids {
        let meta = read_meta(&new.path().join(id)).map_err(|error| ArchiveError::Refused(format!("{id}: {error}")))?;
        if meta.id != *id {
            return Err(ArchiveError::Refused(format!("the folder {id} has the run {:?}", meta.id)));
        }
    }
    let _lock = lock(root)?;
    let mut imported = Imported::default();
    for id in ids {
        let place = root.join(&id);
        if place.symlink_metadata().is_ok() {
            imported.known.push(id);
        } else {
            fs::rename(new.path().join(&id), place)?;
            imported.added.push(id);
        }
    }
    Ok(imported)
}

fn unpack(to: &Path, archive: impl Read, limits: &Limits) -> Result<BTreeSet<String>, ArchiveError> {
    let refused = |why: String| Err(ArchiveError::Refused(why));
    let broken = |why: io::Error| ArchiveError::Refused(why.to_string());
    let mut archive = tar::Archive::new(zstd::Decoder::new(archive)?);
    let mut ids = BTreeSet::new();
    let mut total = 0_u64;
    // Raw entries: long names and other extensions are not interpreted.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let (Some((id, name)), true) = (path.split_once('/'), entry.header().entry_type().is_file()) else {
            return refused(format!("{path:?} is not a file of a run"));
        };
        if !is_id(id) || !folder::FILES.contains(&name) {
            return refused(format!("{path:?} is not a file of a run"));
        }
        let size = entry.header().size().map_err(broken)?;
        total = total.saturating_add(size);
        if size > limits.file || total > limits.total {
            return refused(format!("{path:?} is too large"));
        }
        if ids.insert(id.to_owned()) {
            if ids.len() > limits.runs {
                return refused(format!("more than {} runs", limits.runs));
            }
            DirBuilder::new().mode(0o700).create(to.join(id))?;
        }
        let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(to.join(id).join(name)) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => return refused(format!("{path:?} comes twice")),
            file => file?,
        };
        if io::copy(&mut entry, &mut file).map_err(broken)? != size {
            return refused(format!("{path:?} is truncated"));
        }
    }
    if ids.is_empty() { refused("it has no runs".to_owned()) } else { Ok(ids) }
}

fn is_id(text: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(is_safe)
}

#[cfg(test)]
mod tests;
