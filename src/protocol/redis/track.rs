//! One subscriber's view of the numbers on one channel: what came twice, late, or never. Pure: time is passed in.
//!
//! A gap is counted as lost once the drain time has passed. It is the connection's fault (lost while disconnected) when
//! the connection changed in between, else the stream's. What was lost at the end of a stream, where no later number
//! shows the gap, comes out when the subscriber settles against the book of what was published.

use std::collections::HashMap;
use std::time::Duration;

use crate::stats::delivery::Tally;

/// Most streams one subscriber follows on one channel; more are received but not checked.
const MAX_STREAMS: usize = 4_096;
/// Most gaps of one stream whose numbers may still come; the oldest is given up for a new one.
const MAX_GAPS: usize = 64;

/// A stream as the book knows it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its id.
    pub stream: u32,
    /// When it began.
    pub created: u64,
    /// Messages the server has accepted.
    pub published: u64,
}

/// Follows all streams of one subscription.
#[derive(Debug, Default)]
pub struct Tracker {
    streams: HashMap<u32, Track>,
    /// Counts the connections; 0 before the first.
    epoch: u32,
    /// When the first connection was subscribed.
    since: u64,
    /// When the present connection was subscribed.
    connected: u64,
    /// Numbers below are older than the subscription.
    floors: HashMap<u32, u64>,
    down: bool,
}

#[derive(Debug)]
struct Track {
    /// The next number in order.
    next: u64,
    /// On which connection the latest came.
    epoch: u32,
    gaps: Vec<Gap>,
}

#[derive(Debug, Clone, Copy)]
struct Gap {
    /// First number missing.
    from: u64,
    /// First number not missing.
    to: u64,
    /// When it was seen.
    seen: u64,
    disconnected: bool,
    /// Already counted as lost.
    counted: bool,
}

impl Gap {
    fn count(&mut self, tally: &mut Tally) {
        if !self.counted {
            self.counted = true;
            lose(tally, self.to - self.from, self.disconnected);
        }
    }
}

fn lose(tally: &mut Tally, count: u64, disconnected: bool) {
    if disconnected {
        tally.lost_disconnected += count;
    } else {
        tally.lost_in_stream += count;
    }
}

impl Tracker {
    /// The server has confirmed the subscription, for the first time or after a reconnect. `before` are the streams
    /// that already run.
    pub fn connected(&mut self, now: u64, before: impl Iterator<Item = Known>) {
        self.epoch += 1;
        self.connected = now;
        self.down = false;
        if self.epoch == 1 {
            self.since = now;
            // One message may have been on its way while we subscribed: whether it is ours, nobody can tell.
            self.floors = before.take(MAX_STREAMS).map(|known| (known.stream, known.published + 1)).collect();
        }
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.down = true;
    }

    /// A message has come. `created` asks the book when its stream began.
    pub fn arrive(&mut self, (stream, number): (u32, u64), now: u64, created: impl FnOnce() -> Option<u64>) -> Tally {
        let mut tally = Tally { received: 1, ..Tally::default() };
        let epoch = self.epoch;
        let known = self.streams.len();
        let track = match self.streams.entry(stream) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(_) if known >= MAX_STREAMS => return tally,
            std::collections::hash_map::Entry::Vacant(entry) => {
                // A stream that began after us owes us everything; of an older one, what came after we were there.
                let created = created();
                let floor = match (self.floors.remove(&stream), created) {
                    (Some(floor), _) => floor.min(number),
                    (None, Some(created)) if created >= self.since => 0,
                    _ => number,
                };
                let before_this_connection = created.is_some_and(|created| created < self.connected);
                let epoch = if before_this_connection { epoch.saturating_sub(1) } else { epoch };
                entry.insert(Track { next: floor, epoch, gaps: Vec::new() })
            }
        };
        if number >= track.next {
            if number > track.next {
                let disconnected = track.epoch != epoch && epoch > 1;
                track.miss(Gap { from: track.next, to: number, seen: now, disconnected, counted: false }, &mut tally);
            }
            track.next = number.saturating_add(1);
            track.epoch = epoch;
        } else {
            track.fill(number, &mut tally);
        }
        tally
    }

    /// Counts the gaps that have been open for longer than the drain time.
    pub fn expire(&mut self, now: u64, drain: Duration) -> Tally {
        let mut tally = Tally::default();
        let limit = u64::try_from(drain.as_nanos()).unwrap_or(u64::MAX);
        for gap in self.streams.values_mut().flat_map(|track| &mut track.gaps) {
            if now.saturating_sub(gap.seen) >= limit {
                gap.count(&mut tally);
            }
        }
        tally
    }

    /// The end: everything in `book` should have come by now.
    pub fn settle(&mut self, book: impl Iterator<Item = Known>) -> Tally {
        let mut tally = self.expire(u64::MAX, Duration::ZERO);
        for known in book {
            match self.streams.get_mut(&known.stream) {
                Some(track) => {
                    let tail = known.published.saturating_sub(track.next);
                    lose(&mut tally, tail, self.down || track.epoch != self.epoch);
                    track.next = track.next.max(known.published);
                }
                None if self.epoch == 0 => {}
                None => {
                    let floor = match self.floors.remove(&known.stream) {
                        Some(floor) => floor,
                        None if known.created >= self.since => 0,
                        None => known.published,
                    };
                    let disconnected = self.down || (self.epoch > 1 && known.created < self.connected);
                    lose(&mut tally, known.published.saturating_sub(floor), disconnected);
                }
            }
        }
        tally
    }
}

impl Track {
    fn miss(&mut self, gap: Gap, tally: &mut Tally) {
        if self.gaps.len() == MAX_GAPS {
            self.gaps.remove(0).count(tally);
        }
        self.gaps.push(gap);
    }

    /// A number below the next one: it fills a gap, or it has come before.
    fn fill(&mut self, number: u64, tally: &mut Tally) {
        let Some(at) = self.gaps.iter().position(|gap| (gap.from..gap.to).contains(&number)) else {
            tally.duplicates += 1;
            return;
        };
        tally.out_of_order += 1;
        let gap = self.gaps.remove(at);
        tally.late += u64::from(gap.counted);
        let (left, right) = (Gap { to: number, ..gap }, Gap { from: number + 1, ..gap });
        for part in [left, right] {
            if part.from < part.to {
                self.miss(part, tally);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::by_row::Merge as _;

    const STREAM: u32 = 9;

    fn tally(received: u64, lost: (u64, u64), late: u64, duplicates: u64, out_of_order: u64) -> Tally {
        Tally {
            received,
            lost_in_stream: lost.0,
            lost_disconnected: lost.1,
            late,
            duplicates,
            out_of_order,
            ..Tally::default()
        }
    }

    fn known(created: u64, published: u64) -> Known {
        Known { stream: STREAM, created, published }
    }

    /// What happens to a subscriber that is connected at time 10 before the stream begins at 20.
    enum Event {
        Come(u64),
        Expire,
        Cut,
        Back,
    }
    use Event::{Back, Come, Cut, Expire};

    fn play(events: &[Event], published: u64) -> Tally {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        let mut sum = Tally::default();
        let mut now = 30;
        for event in events {
            now += 1;
            match event {
                Come(number) => sum.merge(&tracker.arrive((STREAM, *number), now, || Some(20))),
                Expire => {
                    now += 2_000_000_000;
                    sum.merge(&tracker.expire(now, Duration::from_secs(2)));
                }
                Cut => tracker.disconnected(),
                Back => tracker.connected(now, std::iter::empty()),
            }
        }
        sum.merge(&tracker.settle([known(20, published)].into_iter()));
        sum
    }

    #[test]
    fn every_way_of_going_wrong_has_its_count() {
        for (name, events, published, expected) in [
            ("all in order", vec![Come(0), Come(1), Come(2)], 3, tally(3, (0, 0), 0, 0, 0)),
            ("a gap", vec![Come(0), Come(3)], 4, tally(2, (2, 0), 0, 0, 0)),
            ("the first ones", vec![Come(2)], 3, tally(1, (2, 0), 0, 0, 0)),
            ("the last ones", vec![Come(0)], 3, tally(1, (2, 0), 0, 0, 0)),
            ("nothing came", vec![], 3, tally(0, (3, 0), 0, 0, 0)),
            ("once more", vec![Come(0), Come(0), Come(1), Come(0)], 2, tally(4, (0, 0), 0, 2, 0)),
            ("swapped", vec![Come(0), Come(2), Come(1)], 3, tally(3, (0, 0), 0, 0, 1)),
            ("swapped, and again", vec![Come(0), Come(2), Come(1), Come(1)], 3, tally(4, (0, 0), 0, 1, 1)),
            ("too late", vec![Come(0), Come(4), Expire, Come(2)], 5, tally(3, (3, 0), 1, 0, 1)),
            ("counted once", vec![Come(0), Come(2), Expire, Expire], 3, tally(2, (1, 0), 0, 0, 0)),
            ("a cut", vec![Come(0), Cut, Back, Come(5)], 6, tally(2, (0, 4), 0, 0, 0)),
            ("a cut and a gap", vec![Come(0), Cut, Back, Come(2), Come(4)], 5, tally(3, (1, 1), 0, 0, 0)),
            ("a cut for good", vec![Come(0), Cut], 5, tally(1, (0, 4), 0, 0, 0)),
            ("back, but nothing came", vec![Come(0), Cut, Back], 5, tally(1, (0, 4), 0, 0, 0)),
            ("cut before the first", vec![Cut, Back, Come(3)], 4, tally(1, (0, 3), 0, 0, 0)),
            ("one more than accepted", vec![Come(0), Come(1)], 1, tally(2, (0, 0), 0, 0, 0)),
        ] {
            assert_eq!(play(&events, published), expected, "{name}");
        }
    }

    #[test]
    fn what_was_sent_before_the_subscription_is_not_missed() {
        for (first, published, lost) in [(50, 51, 0), (51, 52, 0), (52, 53, 1), (60, 61, 9)] {
            let mut tracker = Tracker::default();
            tracker.connected(10, [known(5, 50)].into_iter());
            let mut sum = tracker.arrive((STREAM, first), 11, || Some(5));
            sum.merge(&tracker.settle([known(5, published)].into_iter()));
            assert_eq!(sum.lost(), lost, "first {first}");
        }
        let mut tracker = Tracker::default();
        tracker.connected(10, [known(5, 50)].into_iter());
        assert_eq!(tracker.settle([known(5, 60)].into_iter()).lost(), 9, "nothing came");
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        assert_eq!(tracker.arrive((STREAM, 1_000), 11, || None).lost(), 0, "another process's stream");
        assert_eq!(Tracker::default().settle([known(5, 60)].into_iter()).lost(), 0, "never connected");
    }

    #[test]
    fn a_stream_that_began_while_disconnected_is_the_connections_loss() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        tracker.disconnected();
        tracker.connected(40, std::iter::empty());
        let sum = tracker.arrive((STREAM, 7), 41, || Some(30));
        let mut all = sum;
        all.merge(&tracker.settle([known(30, 8), Known { stream: 1, created: 35, published: 2 }].into_iter()));
        assert_eq!((all.lost_in_stream, all.lost_disconnected), (0, 9));
    }

    proptest! {
        /// Whatever comes in whatever order: received and lost always add up to what was published.
        #[test]
        fn nothing_is_counted_twice_or_forgotten(mut numbers in prop::collection::vec(0u64..40, 0..120)) {
            let events: Vec<Event> = numbers.iter().map(|n| Come(*n)).collect();
            let sum = play(&events, 40);
            let total = numbers.len() as u64;
            numbers.sort_unstable();
            numbers.dedup();
            let different = numbers.len() as u64;
            prop_assert_eq!((sum.received, sum.duplicates, sum.lost()), (total, total - different, 40 - different));
        }
    }
}
