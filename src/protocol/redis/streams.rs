//! The book of what was published: one entry for each stream of messages, so that a subscriber can tell at its end what
//! it should have received.
//!
//! A stream is what one user publishes on one channel over one connection. Its sender alone writes its count; anyone
//! may read it. The lock is taken when a stream begins, when a subscriber first sees it or misses some of it, and when a
//! subscriber settles; never for a message that comes in order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{clock, glob};

/// Most streams in the book: fifty users on ten thousand channels. Messages of later ones are counted, but not followed.
const MAX_STREAMS: usize = 500_000;

/// One stream.
#[derive(Debug)]
pub struct Stream {
    /// Streams of a run are numbered from 0.
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

    fn known(&self) -> Known {
        Known { stream: self.id, created: self.created, published: self.published() }
    }

    /// The server has accepted one message more.
    pub fn accepted(&self) {
        self.published.fetch_add(1, Ordering::Release);
    }
}

/// A stream as the book knows it at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub stream: u32,
    /// When it began, on [`clock::now`].
    pub created: u64,
    /// Messages the server has accepted.
    pub published: u64,
}

/// What the book has for the stream that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The stream.
    Booked(Known),
    /// It is one of ours for which there was no room.
    NotBooked,
    /// No stream of this run: whoever sent it has made it up.
    Unknown,
}

/// All streams of a run.
#[derive(Debug, Default)]
pub struct Streams {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    channels: HashMap<Arc<str>, Vec<Arc<Stream>>>,
    /// All of them, by id.
    streams: Vec<Arc<Stream>>,
    /// The next id.
    next: u32,
}

impl Streams {
    /// Begins a stream on a channel. Also returns the channel's name as the book has it, if the stream found room there.
    pub fn begin(&self, channel: &str) -> (Arc<Stream>, Option<Arc<str>>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = Arc::new(Stream { id: book.next, created: clock::now(), published: AtomicU64::new(0) });
        book.next = book.next.saturating_add(1);
        if book.streams.len() >= MAX_STREAMS {
            return (stream, None);
        }
        book.streams.push(Arc::clone(&stream));
        let name = book.channels.get_key_value(channel).map_or_else(|| channel.into(), |(name, _)| Arc::clone(name));
        book.channels.entry(Arc::clone(&name)).or_default().push(Arc::clone(&stream));
        (stream, Some(name))
    }

    /// What is known of the stream with this id. For the first message of a stream and for gaps, not for every message.
    pub fn entry(&self, id: u32) -> Entry {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match book.streams.get(id as usize) {
            Some(stream) => Entry::Booked(stream.known()),
            None if id < book.next => Entry::NotBooked,
            None => Entry::Unknown,
        }
    }

    /// The streams of a channel, or of all channels that fit a pattern.
    pub fn of(&self, name: &str, is_pattern: bool) -> Vec<Known> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if is_pattern {
            let fitting = book.channels.iter().filter(|(channel, _)| glob::fits(name.as_bytes(), channel.as_bytes()));
            fitting.flat_map(|(_, streams)| streams).map(|stream| stream.known()).collect()
        } else {
            book.channels.get(name).into_iter().flatten().map(|stream| stream.known()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_by_channel_and_pattern() {
        let streams = Streams::default();
        let ((eu, name), (us, _)) = (streams.begin("orders:eu"), streams.begin("orders:us"));
        let (again, same) = streams.begin("orders:eu");
        assert_eq!((eu.id, us.id, again.id), (0, 1, 2));
        assert!(Arc::ptr_eq(&name.expect("room"), &same.expect("room")));
        eu.accepted();
        let of = |name: &str, pattern| streams.of(name, pattern).iter().map(|s| s.published).collect::<Vec<_>>();
        assert_eq!(of("orders:eu", false), [1, 0]);
        assert_eq!(of("orders:*", true).len(), 3);
        assert!(of("orders:*", false).is_empty());
    }

    #[test]
    fn a_stream_that_is_not_in_the_book_is_ours_or_made_up() {
        let streams = Streams::default();
        for _ in 0..MAX_STREAMS {
            streams.begin("c");
        }
        let (late, name) = streams.begin("c");
        assert_eq!((name, streams.of("c", false).len()), (None, MAX_STREAMS));
        assert!(matches!(streams.entry(7), Entry::Booked(known) if known.stream == 7));
        assert!(matches!(streams.entry(late.id), Entry::NotBooked));
        assert!(matches!(streams.entry(late.id + 1), Entry::Unknown));
    }
}
