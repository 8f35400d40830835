//! Writes without the locks of the standard library, so that a blocked write does not block other threads or the exit
//! of the program.

use std::io;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

/// Writes all of `bytes`.
///
/// # Errors
/// When the stream rejects them: its reader is gone, or the disk is full.
pub fn all(stream: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[some(stream, bytes)?..];
    }
    Ok(())
}

/// Writes at least one byte, and returns the number of bytes written.
///
/// # Errors
/// As in [`all`].
pub fn some(stream: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(stream, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => return Ok(n),
            Err(Errno::INTR) => {}
            // The stream was already non-blocking.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
}
