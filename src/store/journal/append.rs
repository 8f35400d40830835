//! A file that grows by complete lines: a partial write, on a full disk, is undone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// An append-only file of lines.
#[derive(Debug)]
pub(super) struct Appender {
    file: File,
    /// Length of the complete lines.
    length: u64,
}

impl Appender {
    /// Creates a private file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { file, length: 0 })
    }

    /// Locks the file, which shows other processes that it is being written.
    pub fn lock(&self) {
        // Some file systems have no locks: then an active run looks as if it had been cut short.
        let _ = self.file.try_lock();
    }

    /// Appends all of `lines`, or nothing.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(lines);
        match written {
            Ok(()) => self.length += lines.len() as u64,
            // The next write overwrites the partial lines, and readers ignore an incomplete line.
            Err(_) => self.take_back()?,
        }
        written
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.length)).map(|_| ())
    }
}
