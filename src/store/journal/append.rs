//! A file that grows by whole lines: one that was written in part, because the disk is full, is taken back.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Such a file.
#[derive(Debug)]
pub(super) struct Appender {
    file: File,
    /// Length of what was written whole.
    length: u64,
}

impl Appender {
    /// A new file, for its owner alone.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { file, length: 0 })
    }

    /// Tells others that the file is still being written, as long as this is held.
    pub fn lock(&self) {
        // Some file systems have no locks: then a run that goes on looks as if it had been cut short.
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
            // The next lines are written over the rest of these, and a reader takes no line without an end.
            Err(_) => self.take_back()?,
        }
        written
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.length)).map(|_| ())
    }
}
