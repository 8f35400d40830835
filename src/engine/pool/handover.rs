//! Hands over recorded intervals from a shard to the aggregator.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::slots::Slots;
use crate::engine::shard_state::ShardState;
use crate::stats::Interval;

/// The shard's end of the channel to the aggregator.
pub struct Handover {
    intervals: mpsc::Sender<Box<Interval>>,
    /// Cleared intervals returned by the aggregator, for reuse.
    spares: mpsc::Receiver<Box<Interval>>,
    /// Number of resets of the statistics: intervals of an earlier epoch are not counted.
    epoch: u32,
    /// Intervals that could not be sent yet, and must not be lost.
    backlog: VecDeque<Box<Interval>>,
}

impl Handover {
    /// Starts with epoch 0.
    pub fn new(intervals: mpsc::Sender<Box<Interval>>, spares: mpsc::Receiver<Box<Interval>>) -> Self {
        Self { intervals, spares, epoch: 0, backlog: VecDeque::new() }
    }

    /// Hands over the current interval. If the aggregator is busy, the interval is continued and handed over next time.
    pub fn send(&mut self, shard: &ShardState, slots: &Slots) {
        if !self.send_backlog() {
            return;
        }
        let Ok(permit) = self.intervals.try_reserve() else { return };
        let spare = self.spares.try_recv().ok();
        permit.send(filled(shard, slots, self.epoch, spare));
    }

    /// Ends the current interval and starts a new epoch.
    pub fn begin_epoch(&mut self, epoch: u32, shard: &ShardState, slots: &Slots) {
        self.backlog.push_back(filled(shard, slots, self.epoch, None));
        self.send_backlog();
        self.epoch = epoch;
    }

    /// Hands over everything that is left.
    pub async fn finish(self, shard: &ShardState, slots: &Slots) {
        let last = filled(shard, slots, self.epoch, None);
        for interval in self.backlog.into_iter().chain([last]) {
            // Fails only if the supervisor is gone, and then nobody needs the data.
            let _ = self.intervals.send(interval).await;
        }
    }

    /// Returns false if not everything could be sent.
    fn send_backlog(&mut self) -> bool {
        while let Some(interval) = self.backlog.pop_front() {
            if let Err(error) = self.intervals.try_send(interval) {
                // If the channel is closed, the data is lost anyway.
                self.backlog.push_front(error.into_inner());
                return false;
            }
        }
        true
    }
}

fn filled(shard: &ShardState, slots: &Slots, epoch: u32, spare: Option<Box<Interval>>) -> Box<Interval> {
    let mut interval = shard.take_interval(spare);
    interval.epoch = epoch;
    interval.shard_users.slots = u32::try_from(slots.len()).unwrap_or(u32::MAX);
    interval.shard_users.quit = u32::try_from(slots.quit()).unwrap_or(u32::MAX);
    interval
}
