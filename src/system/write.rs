//! Writing past the locks of the standard library: a write that hangs must not keep other threads, or the way out of
//! the program, from what they do.

use std::io;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

/// Writes all of `bytes`.
///
/// # Errors
/// When the stream refuses them: nobody reads it any more, its disk is full.
pub fn all(stream: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[some(stream, bytes)?..];
    }
    Ok(())
}

/// Writes at least one byte and returns how many were taken.
///
/// # Errors
/// As in [`all`].
pub fn some(stream: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(stream, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => return Ok(n),
            Err(Errno::INTR) => {}
            // Someone before us has left the stream in this mode.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
}
