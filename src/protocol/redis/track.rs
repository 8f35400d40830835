//! Tracks the message numbers that one subscriber receives on one channel: duplicates, late and lost messages. Pure:
//! time is passed in.
//!
//! A gap counts as lost after the drain time: as lost while disconnected if the connection changed in between, else as
//! lost in the stream. Messages lost at the end of a stream, where no later number shows the gap, are found when the
//! subscriber settles against the book of published streams.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use super::streams::{StreamLookup, StreamState};
use crate::stats::delivery::Tally;

/// Maximum open gaps of a stream; the oldest is counted as lost to make room.
const MAX_GAPS: usize = 64;

/// Tracks all streams of one subscription.
#[derive(Debug, Default)]
pub struct Tracker {
    streams: HashMap<u32, Track>,
    /// Number of connections so far.
    epoch: u32,
    /// When the first connection was confirmed, in nanoseconds.
    since: u64,
    /// When the current connection was confirmed, in nanoseconds.
    connected: u64,
    /// By stream: numbers below were sent before the subscription.
    floors: HashMap<u32, u64>,
    down: bool,
    /// There may be gaps that are not counted yet.
    gapped: bool,
}

/// How messages that are still missing at the end are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// As lost: everything sent before the end has arrived.
    Lost,
    /// As unsettled: nobody waited for them, so they may be lost or in flight.
    Unsettled,
}

#[derive(Debug)]
struct Track {
    /// The next number in order.
    next: u64,
    /// The connection on which the latest message arrived.
    epoch: u32,
    gaps: Vec<Gap>,
}

#[derive(Debug, Clone, Copy)]
struct Gap {
    /// First missing number.
    from: u64,
    /// First number after the gap.
    to: u64,
    /// When the gap was detected, in nanoseconds.
    seen: u64,
    disconnected: bool,
    /// Whether it was counted as lost.
    counted: bool,
}

impl Gap {
    fn count(&mut self, tally: &mut Tally) {
        if !self.counted {
            self.counted = true;
            count_lost(tally, self.to - self.from, self.disconnected);
        }
    }
}

fn count_lost(tally: &mut Tally, count: u64, disconnected: bool) {
    if disconnected {
        tally.lost_disconnected += count;
    } else {
        tally.lost_in_stream += count;
    }
}

impl Tracker {
    /// Handles a confirmation of the subscription, the first one or after a reconnect. `before` are the streams that
    /// exist already.
    pub fn connected(&mut self, now: u64, before: impl Iterator<Item = StreamState>) {
        self.epoch += 1;
        self.connected = now;
        self.down = false;
        if self.epoch == 1 {
            self.since = now;
            // One message may be in flight while subscribing: whether it will be delivered is unknown.
            self.floors = before.map(|known| (known.stream, known.published + 1)).collect();
        }
    }

    /// Handles the end of the connection.
    pub fn disconnected(&mut self) {
        self.down = true;
    }

    /// Handles a message. `streams` looks up its stream.
    pub fn receive(&mut self, stream: u32, number: u64, now: u64, streams: impl Fn() -> StreamLookup) -> Tally {
        let mut tally = Tally { received: 1, ..Tally::default() };
        let foreign = Tally { received: 1, foreign: 1, ..Tally::default() };
        // A sender has only one message in flight.
        let is_possible = |known: StreamState| number <= known.published.saturating_add(1);
        let epoch = self.epoch;
        let track = match self.streams.entry(stream) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(vacant) => {
                let known = match streams() {
                    StreamLookup::Registered(known) if is_possible(known) => known,
                    StreamLookup::Registered(_) | StreamLookup::Unknown => return foreign,
                    StreamLookup::Unregistered => return tally,
                };
                // Of a stream that started after the subscription, everything is due; of an older one, only what
                // follows.
                let floor = match self.floors.remove(&stream) {
                    Some(floor) => floor.min(number),
                    None if known.created >= self.since => 0,
                    None => number,
                };
                let epoch = if known.created < self.connected { epoch.saturating_sub(1) } else { epoch };
                vacant.insert(Track { next: floor, epoch, gaps: Vec::new() })
            }
        };
        if number >= track.next {
            if number > track.next {
                if !matches!(streams(), StreamLookup::Registered(known) if is_possible(known)) {
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

    /// Whether [`expire`](Self::expire) may have gaps to count, now or later.
    pub fn is_gapped(&self) -> bool {
        self.gapped
    }

    /// Counts gaps that are older than the drain time.
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

    /// Ends the tracking: everything in `streams` should have arrived. `rest` says how to count what is missing at the
    /// end of a stream whose connection is still up.
    pub fn settle(&mut self, streams: impl Iterator<Item = StreamState>, rest: Missing) -> Tally {
        let mut tally = self.expire(u64::MAX, Duration::ZERO);
        let mut miss = |count: u64, by_the_connection: bool| match rest {
            _ if self.down => tally.lost_disconnected += count,
            Missing::Unsettled => tally.unsettled += count,
            Missing::Lost => count_lost(&mut tally, count, by_the_connection),
        };
        for known in streams {
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

    /// Handles a number below the next one: it fills a gap, or is a duplicate.
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

    fn known(created: u64, published: u64) -> StreamState {
        StreamState { stream: STREAM, created, published }
    }

    /// Events of a subscriber that connects at time 10, before the stream starts at 20.
    enum TestEvent {
        Receive(u64),
        Expire,
        Disconnect,
        Reconnect,
    }
    use TestEvent::{Disconnect, Expire, Receive, Reconnect};

    fn play(events: &[TestEvent], published: u64) -> Tally {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        let mut sum = Tally::default();
        let mut now = 30;
        for event in events {
            now += 1;
            match event {
                Receive(number) => {
                    sum.merge(&tracker.receive(STREAM, *number, now, || StreamLookup::Registered(known(20, 100))))
                }
                Expire => {
                    now += 2_000_000_000;
                    sum.merge(&tracker.expire(now, Duration::from_secs(2)));
                }
                Disconnect => tracker.disconnected(),
                Reconnect => tracker.connected(now, std::iter::empty()),
            }
        }
        sum.merge(&tracker.settle([known(20, published)].into_iter(), Missing::Lost));
        sum
    }

    #[test]
    fn each_kind_of_loss_is_counted() {
        for (name, events, published, expected) in [
            ("all in order", vec![Receive(0), Receive(1), Receive(2)], 3, tally(3, (0, 0), 0, 0, 0)),
            ("a gap", vec![Receive(0), Receive(3)], 4, tally(2, (2, 0), 0, 0, 0)),
            ("the first ones", vec![Receive(2)], 3, tally(1, (2, 0), 0, 0, 0)),
            ("the last ones", vec![Receive(0)], 3, tally(1, (2, 0), 0, 0, 0)),
            ("nothing came", vec![], 3, tally(0, (3, 0), 0, 0, 0)),
            ("once more", vec![Receive(0), Receive(0), Receive(1), Receive(0)], 2, tally(4, (0, 0), 0, 2, 0)),
            ("swapped", vec![Receive(0), Receive(2), Receive(1)], 3, tally(3, (0, 0), 0, 0, 1)),
            ("swapped, and again", vec![Receive(0), Receive(2), Receive(1), Receive(1)], 3, tally(4, (0, 0), 0, 1, 1)),
            ("too late", vec![Receive(0), Receive(4), Expire, Receive(2)], 5, tally(3, (3, 0), 1, 0, 1)),
            ("counted once", vec![Receive(0), Receive(2), Expire, Expire], 3, tally(2, (1, 0), 0, 0, 0)),
            ("a disconnect", vec![Receive(0), Disconnect, Reconnect, Receive(5)], 6, tally(2, (0, 4), 0, 0, 0)),
            (
                "a disconnect and a gap",
                vec![Receive(0), Disconnect, Reconnect, Receive(2), Receive(4)],
                5,
                tally(3, (1, 1), 0, 0, 0),
            ),
            ("a disconnect for good", vec![Receive(0), Disconnect], 5, tally(1, (0, 4), 0, 0, 0)),
            ("back, but nothing came", vec![Receive(0), Disconnect, Reconnect], 5, tally(1, (0, 4), 0, 0, 0)),
            ("disconnect before the first", vec![Disconnect, Reconnect, Receive(3)], 4, tally(1, (0, 3), 0, 0, 0)),
            ("one more than accepted", vec![Receive(0), Receive(1)], 1, tally(2, (0, 0), 0, 0, 0)),
        ] {
            assert_eq!(play(&events, published), expected, "{name}");
        }
    }

    #[test]
    fn messages_before_the_subscription_are_not_lost() {
        for (first, published, lost) in [(50, 51, 0), (51, 52, 0), (52, 53, 1), (60, 61, 9)] {
            let mut tracker = Tracker::default();
            tracker.connected(10, [known(5, 50)].into_iter());
            let mut sum = tracker.receive(STREAM, first, 11, || StreamLookup::Registered(known(5, 60)));
            sum.merge(&tracker.settle([known(5, published)].into_iter(), Missing::Lost));
            assert_eq!(sum.lost(), lost, "first {first}");
        }
        let mut tracker = Tracker::default();
        tracker.connected(10, [known(5, 50)].into_iter());
        assert_eq!(tracker.settle([known(5, 60)].into_iter(), Missing::Lost).lost(), 9, "nothing came");
        assert_eq!(Tracker::default().settle([known(5, 60)].into_iter(), Missing::Lost).lost(), 0, "never connected");
    }

    #[test]
    fn impossible_messages_are_foreign() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        let booked = || StreamLookup::Registered(known(20, 5));
        let mut receive = |stream, number, streams: StreamLookup| tracker.receive(stream, number, 30, || streams);
        let foreign = Tally { received: 1, foreign: 1, ..Tally::default() };
        assert_eq!(receive(STREAM, u64::MAX, booked()), foreign, "a number that was not published yet, at first");
        assert_eq!(receive(STREAM, 5, booked()), tally(1, (0, 0), 0, 0, 0));
        assert_eq!(receive(STREAM, u64::MAX, booked()), foreign, "and later");
        assert_eq!(receive(STREAM + 1, 0, StreamLookup::Unknown), foreign, "a stream that does not exist");
        assert_eq!(
            receive(STREAM + 2, 7, StreamLookup::Unregistered),
            tally(1, (0, 0), 0, 0, 0),
            "a stream that is not booked"
        );
        assert_eq!(tracker.settle([known(20, 6)].into_iter(), Missing::Lost).lost(), 5, "0 to 4");
    }

    #[test]
    fn unsettled_messages_are_not_lost() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        for number in [0, 1, 3] {
            tracker.receive(STREAM, number, 30, || StreamLookup::Registered(known(20, 10)));
        }
        let mut down = Tracker::default();
        down.connected(10, std::iter::empty());
        down.disconnected();
        let streams = || [known(20, 10), StreamState { stream: 1, created: 25, published: 4 }].into_iter();
        let sum = tracker.settle(streams(), Missing::Unsettled);
        assert_eq!((sum.lost_in_stream, sum.unsettled, sum.lost_disconnected), (1, 10, 0), "2 was skipped: {sum:?}");
        let sum = down.settle(streams(), Missing::Unsettled);
        assert_eq!((sum.lost_in_stream, sum.unsettled, sum.lost_disconnected), (0, 0, 14), "{sum:?}");
    }

    #[test]
    fn streams_started_while_disconnected_count_as_lost_disconnected() {
        let mut tracker = Tracker::default();
        tracker.connected(10, std::iter::empty());
        tracker.disconnected();
        tracker.connected(40, std::iter::empty());
        let sum = tracker.receive(STREAM, 7, 41, || StreamLookup::Registered(known(30, 8)));
        let mut all = sum;
        all.merge(
            &tracker.settle(
                [known(30, 8), StreamState { stream: 1, created: 35, published: 2 }].into_iter(),
                Missing::Lost,
            ),
        );
        assert_eq!((all.lost_in_stream, all.lost_disconnected), (0, 9));
    }

    proptest! {
        /// In any order, received and lost messages add up to those published.
        #[test]
        fn received_and_lost_add_up_to_published(mut numbers in prop::collection::vec(0u64..40, 0..120)) {
            let events: Vec<TestEvent> = numbers.iter().map(|n| Receive(*n)).collect();
            let sum = play(&events, 40);
            let total = numbers.len() as u64;
            numbers.sort_unstable();
            numbers.dedup();
            let different = numbers.len() as u64;
            prop_assert_eq!((sum.received, sum.duplicates, sum.lost()), (total, total - different, 40 - different));
        }
    }
}
