//! Opens the files of runs. A folder may come from anywhere: where a name leads to a FIFO, a device or another place, nothing
//! is read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Most bytes of a file of a run.
pub(super) const LARGEST: u64 = 1 << 30;
/// Most bytes of `meta.json`, which is read for every list.
pub(super) const LARGEST_META: u64 = 64 << 20;

/// True if there may be room for the file later.
pub(super) fn is_full(why: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(why.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Opens a regular file, and never waits: a FIFO would wait for its writer.
pub(super) fn regular(path: &Path) -> io::Result<File> {
    let not_regular = || io::Error::other("it is not a regular file");
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|why| {
        let is_link = why.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        if is_link { not_regular() } else { why }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

/// All of a file, which has at most this many bytes.
pub(super) fn bytes(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let file = regular(path)?;
    let mut bytes = Vec::new();
    if file.metadata()?.len() > largest || file.take(largest + 1).read_to_end(&mut bytes)? as u64 > largest {
        return Err(io::Error::other(format!("it is larger than {} MiB", largest >> 20)));
    }
    Ok(bytes)
}

/// The same as text.
pub(super) fn text(path: &Path, largest: u64) -> io::Result<String> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-8");
    String::from_utf8(bytes(path, largest)?).map_err(invalid)
}
