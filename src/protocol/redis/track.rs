//! One subscriber's view of the numbers on one channel: what came twice, late, or never. Pure: time is passed in.
//!
//! A gap is counted as lost once the drain time has passed. It is the connection's fault (lost while disconnected) when
//! the connection changed in between, else the stream's. What was lost at the end of a stream, where no later number
//! shows the gap, comes out when the subscriber settles against the book of what was published.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::time::Duration;

use super::streams::{Entry, Known};
use crate::stats::delivery::Tally;

/// Most gaps of one stream whose numbers may still come; the oldest is given up for a new one.
const MAX_GAPS: usize = 64;

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
    /// There may be gaps that are not counted yet.
    gapped: bool,
}

/// What is behind what has not come by the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// All that was sent before has come: the server, or the connection, has lost it.
    Lost,
    /// Nobody waited for it any longer: it may be lost, or on its way.
    Unsettled,
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
            self.floors = before.map(|known| (known.stream, known.published + 1)).collect();
        }
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.down = true;
    }

    /// A message has come. `book` looks up its stream.
    pub fn arrive(&mut self, (stream, number): (u32, u64), now: u64, book: impl Fn() -> Entry) -> Tally {
        let mut tally = Tally { received: 1, ..Tally::default() };
        let foreign = Tally { received: 1, foreign: 1, ..Tally::default() };
        // A sender has one message on its way at a time.
        let is_possible = |known: Known| number <= known.published.saturating_add(1);
        let epoch = self.epoch;
        let track = match self.streams.entry(stream) {
            Place::Occupied(entry) => entry.into_mut(),
            Place::Vacant(place) => {
                let known = match book() {
                    Entry::Booked(known) if is_possible(known) => known,
                    Entry::Booked(_) | Entry::Unknown => return foreign,
                    Entry::NotBooked => return tally,
                };
                // A stream that began after us owes us everything; of an older one, what came after we were there.
                let floor = match self.floors.remove(&stream) {
                    Some(floor) => floor.min(number),
                    None if known.created >= self.since => 0,
                    None => number,
                };
                let epoch = if known.created < self.connected { epoch.saturating_sub(1) } else { epoch };
                place.insert(Track { next: floor, epoch, gaps: Vec::new() })
            }
        };
        if number >= track.next {
            if number > track.next {
                if !matches!(book(), Entry::Booked(known) if is_possible(known)) {
                    return foreign;
                }
                let disconnected = track.epoch != epoch && epoch > 1;
                track.miss(Gap { from: track.next, to: number, seen: now, disconnected, counted: false }, &mut tally);
                self.gapped = true;
            }
            track.next = number.saturating_add(1);
            track.epoch = epoch;
        } else {
            track.fill(number, &mut tally);
        }
        tally
    }

    /// Whether [`expire`](Self::expire) may have something to count, now or later.
    pub fn is_gapped(&self) -> bool {
        self.gapped
    }

    /// Counts the gaps that have been open for longer than the drain time.
    pub fn expire(&mut self, now: u64, drain: Duration) -> Tally {
        let mut tally = Tally::default();
        if !self.gapped {
            return tally;
        }
        self.gapped = false;
        let limit = u64::try_from(drain.as_nanos()).unwrap_or(u64::MAX);
        for gap in self.streams.values_mut().flat_map(|track| &mut track.gaps) {
            if now.saturating_sub(gap.seen) >= limit {
                gap.count(&mut tally);
            }
            self.gapped |= !gap.counted;
        }
        tally
    }

    /// The end: everything in `book` should have come by now. `rest` says what is behind the last ones of a stream that
    /// have not come over a connection that stands.
    pub fn settle(&mut self, book: impl Iterator<Item = Known>, rest: Rest) -> Tally {
        let mut tally = self.expire(u64::MAX, Duration::ZERO);
        let mut miss = |count: u64, by_the_connection: bool| match rest {
            _ if self.down => tally.lost_disconnected += count,
            Rest::Unsettled => tally.unsettled += count,
            Rest::Lost => lose(&mut tally, count, by_the_connection),
        };
        for known in book {
            match self.streams.get_mut(&known.stream) {
                Some(track) => {
                    miss(known.published.saturating_sub(track.next), track.epoch != self.epoch);
                    track.next = track.next.max(known.published);
                }
                None if self.epoch == 0 => {}
                None => {
                    let floor = match self.floors.remove(&known.stream) {
                        Some(floor) => floor,
                        None if known.created >= self.since => 0,
                        None => known.published,
                    };
                    let by_the_connection = self.epoch > 1 && known.created < self.connected;
                    miss(known.published.saturating_sub(floor), by_the_connection);
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
        Disconnect,
        Back,
    }
    use Event::{Back, Come, Disconnect, Expire};

    fn play(events: &[Event], published: u64) -> Tally {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        let mut sum = Tally::default();
        let mut now = 30;
        for event in events {
            now += 1;
            match event {
                Come(number) => sum.merge(&tracker.arrive((STREAM, *number), now, || Entry::Booked(known(20, 100)))),
                Expire => {
                    now += 2_000_000_000;
                    sum.merge(&tracker.expire(now, Duration::from_secs(2)));
                }
                Disconnect => tracker.disconnected(),
                Back => tracker.connected(now, std::iter::empty()),
            }
        }
        sum.merge(&tracker.settle([known(20, published)].into_iter(), Rest::Lost));
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
            ("a disconnect", vec![Come(0), Disconnect, Back, Come(5)], 6, tally(2, (0, 4), 0, 0, 0)),
            ("a disconnect and a gap", vec![Come(0), Disconnect, Back, Come(2), Come(4)], 5, tally(3, (1, 1), 0, 0, 0)),
            ("a disconnect for good", vec![Come(0), Disconnect], 5, tally(1, (0, 4), 0, 0, 0)),
            ("back, but nothing came", vec![Come(0), Disconnect, Back], 5, tally(1, (0, 4), 0, 0, 0)),
            ("disconnect before the first", vec![Disconnect, Back, Come(3)], 4, tally(1, (0, 3), 0, 0, 0)),
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
            let mut sum = tracker.arrive((STREAM, first), 11, || Entry::Booked(known(5, 60)));
            sum.merge(&tracker.settle([known(5, published)].into_iter(), Rest::Lost));
            assert_eq!(sum.lost(), lost, "first {first}");
        }
        let mut tracker = Tracker::default();
        tracker.connected(10, [known(5, 50)].into_iter());
        assert_eq!(tracker.settle([known(5, 60)].into_iter(), Rest::Lost).lost(), 9, "nothing came");
        assert_eq!(Tracker::default().settle([known(5, 60)].into_iter(), Rest::Lost).lost(), 0, "never connected");
    }

    #[test]
    fn what_no_sender_of_ours_can_have_sent_is_foreign() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        let booked = || Entry::Booked(known(20, 5));
        let mut arrive = |stream, number, book: Entry| tracker.arrive((stream, number), 30, || book);
        let foreign = Tally { received: 1, foreign: 1, ..Tally::default() };
        assert_eq!(arrive(STREAM, u64::MAX, booked()), foreign, "a number that is not reached yet, at first");
        assert_eq!(arrive(STREAM, 5, booked()), tally(1, (0, 0), 0, 0, 0));
        assert_eq!(arrive(STREAM, u64::MAX, booked()), foreign, "and later");
        assert_eq!(arrive(STREAM + 1, 0, Entry::Unknown), foreign, "a stream that does not exist");
        assert_eq!(arrive(STREAM + 2, 7, Entry::NotBooked), tally(1, (0, 0), 0, 0, 0), "one that nobody follows");
        assert_eq!(tracker.settle([known(20, 6)].into_iter(), Rest::Lost).lost(), 5, "0 to 4");
    }

    #[test]
    fn what_nobody_waited_for_is_not_lost() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        for number in [0, 1, 3] {
            tracker.arrive((STREAM, number), 30, || Entry::Booked(known(20, 10)));
        }
        let mut down = Tracker::default();
        down.connected(10, std::iter::empty());
        down.disconnected();
        let book = || [known(20, 10), Known { stream: 1, created: 25, published: 4 }].into_iter();
        let sum = tracker.settle(book(), Rest::Unsettled);
        assert_eq!((sum.lost_in_stream, sum.unsettled, sum.lost_disconnected), (1, 10, 0), "2 was overtaken: {sum:?}");
        let sum = down.settle(book(), Rest::Unsettled);
        assert_eq!((sum.lost_in_stream, sum.unsettled, sum.lost_disconnected), (0, 0, 14), "{sum:?}");
    }

    #[test]
    fn a_stream_that_began_while_disconnected_is_the_connections_loss() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        tracker.disconnected();
        tracker.connected(40, std::iter::empty());
        let sum = tracker.arrive((STREAM, 7), 41, || Entry::Booked(known(30, 8)));
        let mut all = sum;
        all.merge(
            &tracker.settle([known(30, 8), Known { stream: 1, created: 35, published: 2 }].into_iter(), Rest::Lost),
        );
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
