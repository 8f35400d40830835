//! Atomic writes: a temporary file is renamed, so that the file is complete or absent if the program ends.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::ReportError;

/// Prefix of temporary files.
const PREFIX: &str = ".katydid-";
const SUFFIX: &str = ".tmp";

/// Creates the file at `path` with what `fill` writes. Creates its folder if needed.
pub(super) fn write(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    create(path, fill).map(drop)
}

/// Like [`write()`], and returns the file for appending.
pub(super) fn create(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    let mut file = temporary(folder)?;
    fill(file.as_file_mut())?;
    Ok(file.persist(path)?)
}

/// Checks that [`write()`] can write there: creates the folder, and a test file that is removed again.
pub(super) fn check(path: &Path) -> Result<(), ReportError> {
    can_replace(path).and_then(|()| try_folder(path)).map_err(|why| ReportError::one(path, why))
}

/// Fails if no file can be created at `path`: it is a folder, or its name is too long.
pub(super) fn can_replace(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Creates the folder of `path` if needed, and writes a test file there, which is removed again.
pub(super) fn try_folder(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    temporary(folder)?.write_all(b"\n")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is removed unless it is renamed. It is locked while it is written.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // Temporary files are private by default; reports are not. The umask still applies.
    let permissions = fs::Permissions::from_mode(0o644);
    let file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(permissions).tempfile_in(folder)?;
    // Some file systems have no locks; leftover files are not removed there.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes temporary files that a killed program left next to `path`: those that are not locked.
pub(super) fn sweep(path: &Path) {
    let Ok(entries) = fs::read_dir(folder(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_named = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Opening anything but a file, such as a pipe, may block.
        let is_ours = is_named && entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_ours && let Ok(file) = File::open(entry.path()) {
            match file.try_lock() {
                Ok(()) => drop(fs::remove_file(entry.path())),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            }
        }
    }
}
