//! The book of what was published: one entry for each stream of messages, so that a subscriber can tell at its end what
//! it should have received.
//!
//! A stream is what one user publishes on one channel over one connection. Its sender alone writes its count; anyone
//! may read it. The lock is taken when a stream begins and when a subscriber settles, never for a message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{clock, glob};

/// Most streams in the book. Later ones are sent and counted, but losses at their ends go unseen.
const MAX_STREAMS: usize = 100_000;

/// One stream.
#[derive(Debug)]
pub struct Stream {
    /// Unlike all others, also in other processes, as far as chance goes.
    pub id: u32,
    /// When it began, on [`clock::now`].
    pub created: u64,
    /// Messages that the server has accepted, which are numbered from 0.
    published: AtomicU64,
}

impl Stream {
    /// Messages that the server has accepted.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// The server has accepted one message more.
    pub fn accepted(&self) {
        self.published.fetch_add(1, Ordering::Release);
    }
}

/// All streams of a run.
#[derive(Debug)]
pub struct Streams {
    next: AtomicU32,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    channels: HashMap<Arc<str>, Vec<Arc<Stream>>>,
    count: usize,
}

impl Default for Streams {
    fn default() -> Self {
        // Several machines may load one server: each begins somewhere else.
        Self { next: AtomicU32::new(fastrand::u32(..)), book: Mutex::default() }
    }
}

impl Streams {
    /// Begins a stream on a channel.
    pub fn begin(&self, channel: &str) -> Arc<Stream> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let stream = Arc::new(Stream { id, created: clock::now(), published: AtomicU64::new(0) });
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if book.count < MAX_STREAMS {
            book.count += 1;
            match book.channels.get_mut(channel) {
                Some(list) => list.push(Arc::clone(&stream)),
                None => drop(book.channels.insert(channel.into(), vec![Arc::clone(&stream)])),
            }
        }
        stream
    }

    /// The streams of a channel, or of all channels that fit a pattern.
    pub fn of(&self, name: &str, is_pattern: bool) -> Vec<Arc<Stream>> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if is_pattern {
            let fitting = book.channels.iter().filter(|(channel, _)| glob::fits(name.as_bytes(), channel.as_bytes()));
            fitting.flat_map(|(_, streams)| streams.iter().cloned()).collect()
        } else {
            book.channels.get(name).cloned().unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_by_channel_and_pattern() {
        let streams = Streams::default();
        let (eu, us) = (streams.begin("orders:eu"), streams.begin("orders:us"));
        let again = streams.begin("orders:eu");
        assert!(eu.id != us.id && eu.id != again.id);
        eu.accepted();
        let of = |name: &str, pattern| streams.of(name, pattern).iter().map(|s| s.published()).collect::<Vec<_>>();
        assert_eq!(of("orders:eu", false), [1, 0]);
        assert_eq!(of("orders:*", true).len(), 3);
        assert!(of("orders:*", false).is_empty());
    }
}
