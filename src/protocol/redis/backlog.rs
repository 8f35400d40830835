//! Detects whether we read as fast as messages arrive. While every read leaves bytes behind, messages wait in the
//! socket buffer, and the measured latency is partly our own. Pure: the time and the kernel's figure are passed in.

use std::time::Duration;

/// A smaller read, in bytes, has emptied the socket buffer, so the kernel is not asked.
const SMALL_READ: usize = 4 * 1024;

/// The state of one connection.
#[derive(Debug, Default)]
pub struct Backlog {
    /// Nanoseconds; since then, no read has emptied the buffer.
    since: Option<u64>,
}

impl Backlog {
    /// Records a read of this many bytes at `now`, in nanoseconds; `unread` returns the bytes left in the buffer.
    /// Returns for how long the buffer has not been emptied, if it was not before this read.
    pub fn read(&mut self, bytes: usize, now: u64, unread: impl FnOnce() -> u64) -> Option<Duration> {
        if bytes < SMALL_READ || unread() == 0 {
            // Includes this read: its messages were waiting until now.
            return self.since.take().map(|since| Duration::from_nanos(now.saturating_sub(since)));
        }
        let since = *self.since.get_or_insert(now);
        Some(Duration::from_nanos(now.saturating_sub(since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_lasts_until_the_buffer_is_empty() {
        let mut backlog = Backlog::default();
        let nanos = |n| Some(Duration::from_nanos(n));
        let never = || panic!("a small read asks nothing");
        assert_eq!(backlog.read(100, 1, never), None);
        assert_eq!(backlog.read(SMALL_READ, 2, || 0), None, "a large read that emptied it");
        assert_eq!(backlog.read(SMALL_READ, 10, || 7), nanos(0));
        assert_eq!(backlog.read(SMALL_READ, 30, || 1), nanos(20));
        assert_eq!(backlog.read(SMALL_READ, 45, || 0), nanos(35), "it is emptied");
        assert_eq!(backlog.read(SMALL_READ, 50, || 0), None);
        assert_eq!(backlog.read(SMALL_READ, 60, || 9), nanos(0), "and begins anew");
        assert_eq!(backlog.read(9, 65, never), nanos(5));
        assert_eq!(backlog.read(9, 70, never), None);
    }
}
