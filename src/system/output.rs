//! Atomic output files: each is written to a temporary file in the same folder and renamed, so that it is complete or
//! absent even if the process is killed. Symbolic links are followed. Devices, FIFOs and standard output are written
//! directly.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Access, OFlags};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::workflow_command::{self, Filter};
use super::write;

/// Path of standard output on the command line.
const STDOUT: &str = "-";
/// Prefix and suffix of temporary files.
const PREFIX: &str = ".katydid-";
const SUFFIX: &str = ".tmp";
/// Maximum length of a chain of symbolic links.
const MAX_LINKS: usize = 40;
/// Time to wait for a reader of a FIFO.
const READER_TIMEOUT: Duration = Duration::from_secs(10);
/// Minimum age of a temporary file that may be one left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60);
/// Time between attempts to open a FIFO.
const RETRY: Duration = Duration::from_millis(10);

/// Type of the file at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A regular file, or a path at which none exists yet, with symbolic links resolved.
    File(PathBuf),
    /// A device or a FIFO, which is opened and written.
    Device,
    /// `-`, or another path of standard output, such as `/dev/stdout`.
    Stdout,
}

/// Determines the type of the file at `path`, following symbolic links.
///
/// # Errors
/// Returns an error if it is a folder or a socket, or if its metadata cannot be read.
pub fn target(path: &Path) -> io::Result<Target> {
    if is_stdout(path) {
        return Ok(Target::Stdout);
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.file_type().is_socket() => Err(io::Error::other("it is a socket")),
        Ok(found) if !found.is_file() => Ok(Target::Device),
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(_) | Err(_) => resolve_links(path).map(Target::File),
    }
}

/// True for `-`, and for paths of the file that standard output refers to, such as `/dev/stdout`.
pub fn is_stdout(path: &Path) -> bool {
    let is_same = || {
        let (Ok(file), Ok(out)) = (fs::metadata(path), rustix::fs::fstat(rustix::stdio::stdout())) else {
            return false;
        };
        (file.dev(), file.ino()) == (out.st_dev, out.st_ino)
    };
    path.as_os_str() == STDOUT || is_same()
}

/// Resolves symbolic links. Unlike [`fs::canonicalize`], the target need not exist.
fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

/// Writes the output of `fill` to `path`: a regular file is replaced atomically, a device is written directly. Creates
/// missing folders.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match target(path)? {
        Target::File(path) => replace(&path, |file| fill(file)).map(drop),
        Target::Device => fill(&mut open_device(path)?),
        Target::Stdout => fill(&mut Stdout(Filter::new())),
    }
}

/// Creates or replaces the file at `path` atomically, and returns it open for reading and appending.
///
/// # Errors
/// Returns an error if it cannot be written, or if a file exists that is not a regular one.
pub fn create(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    replace(&regular(path)?, fill)
}

/// Resolves the path of a regular file, which need not exist.
///
/// # Errors
/// Returns an error if another type of file exists.
pub fn regular(path: &Path) -> io::Result<PathBuf> {
    match target(path)? {
        Target::File(path) => Ok(path),
        Target::Device | Target::Stdout => Err(io::Error::other("it is not a regular file")),
    }
}

fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    let mut file = temporary(folder)?;
    fill(file.as_file_mut())?;
    Ok(file.persist(path)?)
}

/// Checks that [`write()`] can write to `path`. Creates missing folders.
///
/// # Errors
/// Returns an error if the folder or the device is not writable.
pub fn check(path: &Path) -> io::Result<()> {
    match target(path)? {
        Target::File(path) => probe_folder(&path),
        Target::Device => Ok(rustix::fs::access(path, Access::WRITE_OK)?),
        Target::Stdout => Ok(()),
    }
}

/// Creates the folder of `path` if it is missing, and writes and removes a temporary file in it.
fn probe_folder(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    temporary(folder)?.write_all(b"\n")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a temporary file, which is removed unless it is renamed. It is locked until it is closed, see [`sweep`].
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // Reports are readable by others, unlike temporary files by default. The umask applies.
    let permissions = fs::Permissions::from_mode(0o644);
    let file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(permissions).tempfile_in(folder)?;
    // Errors are ignored: on file systems without locks, `sweep` does not remove leftover files.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Opens a device or FIFO for writing. Opening a FIFO blocks uninterruptibly until it has a reader; polling limits that
/// to [`READER_TIMEOUT`].
fn open_device(path: &Path) -> io::Result<File> {
    let deadline = Instant::now() + READER_TIMEOUT;
    loop {
        match OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path) {
            Err(why) if why.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                if Instant::now() >= deadline {
                    return Err(io::Error::other("no reader opened it"));
                }
                std::thread::sleep(RETRY);
            }
            Err(why) => return Err(why),
            Ok(file) => {
                let flags = rustix::fs::fcntl_getfl(&file)?;
                rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
                return Ok(file);
            }
        }
    }
}

/// Unbuffered standard output, without taking the lock of [`io::Stdout`].
struct Stdout(Filter);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match workflow_command::escape(&mut self.0, bytes) {
            Some(escaped) => write::all(rustix::stdio::stdout(), escaped.as_bytes()).map(|()| bytes.len()),
            None => write::some(rustix::stdio::stdout(), bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes temporary files in the folder of `path` that killed processes left behind, recognized by their age and free
/// locks. A new file may not be locked yet.
pub fn sweep(path: &Path) {
    let Ok(Target::File(path)) = target(path) else { return };
    let Ok(entries) = fs::read_dir(folder(&path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_named = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Opening other types of files, such as FIFOs, may block.
        let is_temporary = is_named && entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_old = || {
            let changed = entry.metadata().and_then(|data| data.modified());
            changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= LEFT_BEHIND))
        };
        if is_temporary
            && is_old()
            && let Ok(file) = File::open(entry.path())
        {
            match file.try_lock() {
                Ok(()) => drop(fs::remove_file(entry.path())),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn hello(file: &mut dyn Write) -> io::Result<()> {
        file.write_all(b"hello")
    }

    #[test]
    fn symbolic_links_are_followed_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "old").unwrap();
        fs::create_dir(at("sub")).unwrap();
        for (link, to, real) in [("a", "real", "real"), ("b", "a", "real"), ("c", "sub/new", "sub/new")] {
            symlink(to, at(link)).unwrap();
            check(&at(link)).unwrap();
            write(&at(link), hello).unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(at(real)).unwrap(), "hello", "{link}");
            fs::write(at("real"), "old").unwrap();
        }
        symlink("loop", at("loop")).unwrap();
        assert!(check(&at("loop")).is_err() && write(&at("loop"), hello).is_err());
        assert!(write(folder.path(), hello).is_err());
    }

    #[test]
    fn devices_and_fifos_are_written_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        check(&fifo).unwrap();
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || {
                let mut text = String::new();
                File::open(fifo).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        write(&fifo, hello).unwrap();
        assert_eq!(reader.join().unwrap(), "hello");
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
        assert!(create(&fifo, |_| Ok(())).is_err(), "a FIFO is not a regular file");

        let link = folder.path().join("full");
        symlink("/dev/full", &link).unwrap();
        check(&link).unwrap();
        assert_eq!(write(&link, hello).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
