//! Files that are written whole: beside their place and renamed, so that each is complete or absent, whatever ends the
//! program. A path may also lead elsewhere: through a symbolic link, to a device, a FIFO or standard output.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Access, OFlags};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::write;

/// The path that means standard output.
const STDOUT: &str = "-";
/// What the files are called while they are written.
const PREFIX: &str = ".katydid-";
const SUFFIX: &str = ".tmp";
/// Most symbolic links that lead to each other.
const MOST_LINKS: usize = 40;
/// How long a FIFO waits for its reader, and the time between two attempts.
const READER_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(10);

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A regular file or none yet, behind all symbolic links.
    File(PathBuf),
    /// A device or a FIFO, which is written as it is.
    Device,
    /// `-`, or a name of what standard output is.
    Stdout,
}

/// What `path` leads to.
///
/// # Errors
/// When it is a folder or a socket, or cannot be known.
pub fn target(path: &Path) -> io::Result<Target> {
    if is_stdout(path) {
        return Ok(Target::Stdout);
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.file_type().is_socket() => Err(io::Error::other("it is a socket")),
        Ok(found) if !found.is_file() => Ok(Target::Device),
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(_) | Err(_) => followed(path).map(Target::File),
    }
}

/// Whether it is `-`, or a name of what standard output is, such as `/dev/stdout`.
pub fn is_stdout(path: &Path) -> bool {
    let is_same = || {
        let (Ok(there), Ok(out)) = (fs::metadata(path), rustix::fs::fstat(rustix::stdio::stdout())) else {
            return false;
        };
        (there.dev(), there.ino()) == (out.st_dev, out.st_ino)
    };
    path.as_os_str() == STDOUT || is_same()
}

/// Behind all symbolic links, also where the last one leads to nothing yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

/// Puts a file at `path` that has what `fill` writes, or writes it to the device that is there; the folder is made where
/// it is missing.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match target(path)? {
        Target::File(path) => replace(&path, |file| fill(file)).map(drop),
        Target::Device => fill(&mut open_device(path)?),
        Target::Stdout => fill(&mut Stdout),
    }
}

/// Puts a file at `path`, and returns it to be read and appended to.
///
/// # Errors
/// When it cannot be written, or something is there that is not a regular file.
pub fn create(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    replace(&regular(path)?, fill)
}

/// Where a regular file is, or will be.
///
/// # Errors
/// When something else is there.
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

/// Whether [`write()`] will be able to write there: makes the folder, and a file in it that is gone again afterwards.
///
/// # Errors
/// Says why it will not.
pub fn check(path: &Path) -> io::Result<()> {
    match target(path)? {
        Target::File(path) => try_folder(&path),
        Target::Device => Ok(rustix::fs::access(path, Access::WRITE_OK)?),
        Target::Stdout => Ok(()),
    }
}

/// Makes the folder of `path` where it is missing, and writes a file there, which is then removed.
fn try_folder(path: &Path) -> io::Result<()> {
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

/// A FIFO waits for its reader, but not for ever: nobody could end the program meanwhile.
fn open_device(path: &Path) -> io::Result<File> {
    let deadline = Instant::now() + READER_TIMEOUT;
    loop {
        match OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path) {
            Err(why) if why.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                if Instant::now() >= deadline {
                    return Err(io::Error::other("nobody reads from it"));
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

/// Standard output, past its lock.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write::some(rustix::stdio::stdout(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes the temporary files beside `path` that a killed program left behind: their locks are free.
pub fn sweep(path: &Path) {
    let Ok(Target::File(path)) = target(path) else { return };
    let Ok(entries) = fs::read_dir(folder(&path)) else { return };
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn hello(file: &mut dyn Write) -> io::Result<()> {
        file.write_all(b"hello")
    }

    #[test]
    fn links_are_written_through_and_stay() {
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
    fn devices_and_fifos_are_written_and_stay() {
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
        assert!(create(&fifo, |_| Ok(())).is_err(), "nothing can be appended to a FIFO that is renamed");

        let link = folder.path().join("full");
        symlink("/dev/full", &link).unwrap();
        check(&link).unwrap();
        assert_eq!(write(&link, hello).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file stays");
    }
}
