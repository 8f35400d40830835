//! Sliding window of one row: ten closed slots of one second, and the open one.

use std::collections::VecDeque;
use std::time::Duration;

use super::bucket::{RowBucket, Sums};
use super::histogram::{Sparse, Times};
use super::snapshot::{Figures, Latency};

/// Number of closed slots.
const SLOTS: usize = 10;
/// Length of a slot.
pub(super) const SLOT: Duration = Duration::from_secs(1);

/// Measurements collected per second.
pub(super) trait Slot: Default {
    /// Compacts the slot when it closes.
    fn close(&mut self);
}

impl Slot for RowBucket {
    fn close(&mut self) {
        self.compact();
    }
}

impl Slot for Sparse {
    fn close(&mut self) {
        self.compact();
    }
}

/// Maximum of some durations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Longest(pub Duration);

impl Slot for Longest {
    fn close(&mut self) {}
}

/// The closed slots and the open one.
#[derive(Debug)]
pub(super) struct Window<S> {
    closed: VecDeque<S>,
    pub open: S,
}

impl<S: Slot> Window<S> {
    pub fn new() -> Self {
        Self { closed: VecDeque::with_capacity(SLOTS + 1), open: S::default() }
    }

    /// Closes the open slot, drops slots older than ten seconds, and returns the closed one.
    pub fn close(&mut self) -> &S {
        let mut slot = std::mem::take(&mut self.open);
        slot.close();
        if self.closed.len() == SLOTS {
            self.closed.pop_front();
        }
        self.closed.push_back(slot);
        &self.closed[self.closed.len() - 1]
    }

    /// The slot that was closed last.
    pub fn last(&self) -> Option<&S> {
        self.closed.back()
    }

    /// Total length of all slots; `open` is that of the open one.
    pub fn covered(&self, open: Duration) -> Duration {
        SLOT * self.closed.len() as u32 + open
    }

    pub fn iter(&self) -> impl Iterator<Item = &S> {
        self.closed.iter().chain(std::iter::once(&self.open))
    }
}

impl Window<RowBucket> {
    /// Requests and failures per second.
    pub fn rates(&self, covered: Duration) -> (f64, f64) {
        let (requests, failures) =
            self.iter().fold((0, 0), |(r, f), slot| (r + slot.sums.requests, f + slot.sums.failures));
        (rate(requests, covered), rate(failures, covered))
    }

    /// Merged figures of all slots, with the times of those with a response; `scratch` is a buffer for merging.
    pub fn figures(&self, covered: Duration, scratch: &mut Times<u64>) -> Figures {
        let mut sums = Sums::default();
        self.iter().for_each(|slot| sums.merge(&slot.sums));
        let mut out = sums.figures();
        if out.requests > 0 {
            let heard = || self.iter().filter(|slot| !slot.is_silent());
            out.response = merged(heard().map(|slot| &slot.response), scratch);
            if self.iter().any(|slot| slot.service.is_some()) {
                out.service = Some(merged(heard().map(RowBucket::service), scratch));
            }
        }
        (out.rps, out.fps) = (rate(out.requests, covered), rate(out.failures, covered));
        out
    }
}

/// Latency of merged histograms.
pub(super) fn merged<'a>(parts: impl Iterator<Item = &'a Sparse>, scratch: &mut Times<u64>) -> Latency {
    scratch.clear();
    parts.for_each(|part| scratch.absorb(part));
    scratch.latency()
}

/// Events per second; 0 for an empty duration.
pub(super) fn rate(n: u64, over: Duration) -> f64 {
    if over.is_zero() { 0.0 } else { n as f64 / over.as_secs_f64() }
}
