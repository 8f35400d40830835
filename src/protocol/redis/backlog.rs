//! Whether we read as fast as messages come. As long as every read leaves bytes behind, the server sends faster than we
//! read, and its messages wait for us: the latency measured then is our own. Pure: time and the kernel's figure are passed
//! in.

use std::time::Duration;

/// A read of fewer bytes has emptied the connection: nothing is asked of the kernel then.
const MANY: usize = 4 * 1024;

/// Follows one connection.
#[derive(Debug, Default)]
pub struct Backlog {
    /// Since when no read has emptied it.
    since: Option<u64>,
}

impl Backlog {
    /// This many bytes were read at `now`, in nanoseconds; `unread` asks how many more are waiting. Returns for how long
    /// there have been more at every read, where that is so.
    pub fn read(&mut self, bytes: usize, now: u64, unread: impl FnOnce() -> u64) -> Option<Duration> {
        if bytes < MANY || unread() == 0 {
            // What was waiting until this read belongs to it.
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
    fn what_is_never_emptied_is_behind_until_it_is() {
        let mut backlog = Backlog::default();
        let nanos = |n| Some(Duration::from_nanos(n));
        let never = || panic!("a small read asks nothing");
        assert_eq!(backlog.read(100, 1, never), None);
        assert_eq!(backlog.read(MANY, 2, || 0), None, "a large read that emptied it");
        assert_eq!(backlog.read(MANY, 10, || 7), nanos(0));
        assert_eq!(backlog.read(MANY, 30, || 1), nanos(20));
        assert_eq!(backlog.read(MANY, 45, || 0), nanos(35), "it is emptied");
        assert_eq!(backlog.read(MANY, 50, || 0), None);
        assert_eq!(backlog.read(MANY, 60, || 9), nanos(0), "and begins anew");
        assert_eq!(backlog.read(9, 65, never), nanos(5));
        assert_eq!(backlog.read(9, 70, never), None);
    }
}
