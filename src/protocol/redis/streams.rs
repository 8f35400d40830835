//! The book of published streams, with which a subscriber can tell at its end what it should have received.
//!
//! A stream is what one user publishes on one channel over one connection. Only its sender increments its count; anyone
//! may read it. The lock is taken when a stream starts, when a subscriber first sees it or misses messages, and when a
//! subscriber settles; never for a message that arrives in order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{clock, glob};

/// Maximum streams in the book: fifty users on ten thousand channels. Messages of further streams are counted, but
/// their losses are not.
const MAX_STREAMS: usize = 500_000;

/// A stream.
#[derive(Debug)]
pub struct PublishedStream {
    /// Counts up from 0 in a run.
    pub id: u32,
    /// When it started, in nanoseconds of [`clock::now`].
    pub created: u64,
    /// Number of messages that the server has accepted.
    published: AtomicU64,
}

impl PublishedStream {
    /// Number of messages that the server has accepted; the next one gets this number.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    fn state(&self) -> StreamState {
        StreamState { stream: self.id, created: self.created, published: self.published() }
    }

    /// Counts a message that the server has accepted.
    pub fn accepted(&self) {
        self.published.fetch_add(1, Ordering::Release);
    }
}

/// The current state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamState {
    /// Its id.
    pub stream: u32,
    /// When it started, in nanoseconds of [`clock::now`].
    pub created: u64,
    /// Number of messages that the server has accepted.
    pub published: u64,
}

/// The book's entry for a stream id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamLookup {
    /// The stream.
    Registered(StreamState),
    /// A stream of this run for which there was no room.
    Unregistered,
    /// Not a stream of this run: the id is made up.
    Unknown,
}

/// All streams of a run.
#[derive(Debug, Default)]
pub struct Streams {
    registry: Mutex<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    channels: HashMap<Arc<str>, Vec<Arc<PublishedStream>>>,
    /// By id.
    streams: Vec<Arc<PublishedStream>>,
    /// The next id.
    next: u32,
}

impl Streams {
    /// Starts a stream on a channel. Also returns the shared name of the channel, if the book had room for the stream.
    pub fn begin(&self, channel: &str) -> (Arc<PublishedStream>, Option<Arc<str>>) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let stream =
            Arc::new(PublishedStream { id: registry.next, created: clock::now(), published: AtomicU64::new(0) });
        registry.next = registry.next.saturating_add(1);
        if registry.streams.len() >= MAX_STREAMS {
            return (stream, None);
        }
        registry.streams.push(Arc::clone(&stream));
        let name =
            registry.channels.get_key_value(channel).map_or_else(|| channel.into(), |(name, _)| Arc::clone(name));
        registry.channels.entry(Arc::clone(&name)).or_default().push(Arc::clone(&stream));
        (stream, Some(name))
    }

    /// The entry of this stream id. Called for the first message of a stream and for gaps, not for every message.
    pub fn entry(&self, id: u32) -> StreamLookup {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        match registry.streams.get(id as usize) {
            Some(stream) => StreamLookup::Registered(stream.state()),
            None if id < registry.next => StreamLookup::Unregistered,
            None => StreamLookup::Unknown,
        }
    }

    /// The streams of a channel, or of all channels that match a pattern.
    pub fn of(&self, name: &str, is_pattern: bool) -> Vec<StreamState> {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if is_pattern {
            let fitting =
                registry.channels.iter().filter(|(channel, _)| glob::matches(name.as_bytes(), channel.as_bytes()));
            fitting.flat_map(|(_, streams)| streams).map(|stream| stream.state()).collect()
        } else {
            registry.channels.get(name).into_iter().flatten().map(|stream| stream.state()).collect()
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
    fn streams_beyond_the_limit_are_not_booked() {
        let streams = Streams::default();
        for _ in 0..MAX_STREAMS {
            streams.begin("c");
        }
        let (late, name) = streams.begin("c");
        assert_eq!((name, streams.of("c", false).len()), (None, MAX_STREAMS));
        assert!(matches!(streams.entry(7), StreamLookup::Registered(state) if state.stream == 7));
        assert!(matches!(streams.entry(late.id), StreamLookup::Unregistered));
        assert!(matches!(streams.entry(late.id + 1), StreamLookup::Unknown));
    }
}
