//! One file: written beside its place and renamed, so that it is complete or absent, whatever ends the program.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::ReportError;

/// What the files are called while they are written.
const PREFIX: &str = ".katydid-";
const SUFFIX: &str = ".tmp";

/// Puts a file at `path` that has what `fill` writes; its folder is made where it is missing.
pub(super) fn write(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    create(path, fill).map(drop)
}

/// The same, and returns the file to be appended to.
pub(super) fn create(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    let mut file = temporary(folder)?;
    fill(file.as_file_mut())?;
    Ok(file.persist(path)?)
}

/// Whether [`write()`] will be able to write there: makes the folder, and a file in it that is gone again afterwards.
pub(super) fn check(path: &Path) -> Result<(), ReportError> {
    can_replace(path).and_then(|()| try_folder(path)).map_err(|why| ReportError::one(path, why))
}

/// Refuses a place where a file cannot be put: that of a folder, or one whose name is too long.
pub(super) fn can_replace(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Makes the folder of `path` where it is missing, and writes a file there, which is then removed.
pub(super) fn try_folder(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    temporary(folder)?.write_all(b"\n")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is removed when it is not renamed. It is locked while it is written.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // A temporary file is private by default; a report is not. The umask still applies.
    let permissions = fs::Permissions::from_mode(0o644);
    let file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(permissions).tempfile_in(folder)?;
    // Some file systems have no locks: then leftover files are not removed either.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes the temporary files beside `path` that a killed program left behind: their locks are free.
pub(super) fn sweep(path: &Path) {
    let Ok(entries) = fs::read_dir(folder(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_named = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Opening something else, such as a pipe, may block.
        let is_ours = is_named && entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_ours && let Ok(file) = File::open(entry.path()) {
            match file.try_lock() {
                Ok(()) => drop(fs::remove_file(entry.path())),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            }
        }
    }
}
