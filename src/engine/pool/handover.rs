//! How a shard hands over to the aggregator what it recorded, one interval at a time.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::slots::Slots;
use crate::engine::shard_state::ShardState;
use crate::stats::Interval;

/// The shard's end of the channel to the aggregator.
pub struct Handover {
    intervals: mpsc::Sender<Box<Interval>>,
    /// Empty intervals that the aggregator returns, to be filled again.
    spares: mpsc::Receiver<Box<Interval>>,
    /// How often the statistics have been reset: intervals of an earlier epoch are not counted.
    epoch: u32,
    /// Intervals that found the aggregator busy and must not be lost.
    backlog: VecDeque<Box<Interval>>,
}

impl Handover {
    /// Has handed nothing over yet.
    pub fn new(intervals: mpsc::Sender<Box<Interval>>, spares: mpsc::Receiver<Box<Interval>>) -> Self {
        Self { intervals, spares, epoch: 0, backlog: VecDeque::new() }
    }

    /// Hands over what was recorded, unless the aggregator is busy: then the same interval is continued and handed over
    /// next time.
    pub fn send(&mut self, shard: &ShardState, slots: &Slots) {
        if !self.send_backlog() {
            return;
        }
        let Ok(permit) = self.intervals.try_reserve() else { return };
        let spare = self.spares.try_recv().ok();
        permit.send(filled(shard, slots, self.epoch, spare));
    }

    /// Ends the interval of the present epoch and begins this one.
    pub fn begin_epoch(&mut self, epoch: u32, shard: &ShardState, slots: &Slots) {
        self.backlog.push_back(filled(shard, slots, self.epoch, None));
        self.send_backlog();
        self.epoch = epoch;
    }

    /// Hands over everything that is left.
    pub async fn finish(self, shard: &ShardState, slots: &Slots) {
        let last = filled(shard, slots, self.epoch, None);
        for interval in self.backlog.into_iter().chain([last]) {
            // The supervisor outlives its shards; if it does not, nobody is left to read this.
            let _ = self.intervals.send(interval).await;
        }
    }

    /// False when some of it is still here.
    fn send_backlog(&mut self) -> bool {
        while let Some(interval) = self.backlog.pop_front() {
            if let Err(error) = self.intervals.try_send(interval) {
                // A closed channel has no reader left; what is sent to it is lost either way.
                self.backlog.push_front(error.into_inner());
                return false;
            }
        }
        true
    }
}

fn filled(shard: &ShardState, slots: &Slots, epoch: u32, spare: Option<Box<Interval>>) -> Box<Interval> {
    let mut interval = shard.fill(spare);
    interval.epoch = epoch;
    interval.shard_users.slots = u32::try_from(slots.len()).unwrap_or(u32::MAX);
    interval.shard_users.quit = u32::try_from(slots.quit()).unwrap_or(u32::MAX);
    interval
}
