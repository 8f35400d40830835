//! Tracks warm-ups, and when the shards have handed over all intervals of one.

use std::time::{Duration, SystemTime};

/// When a warm-up was over: run time and wall clock.
pub type Over = (Duration, SystemTime);

/// State of warm-ups.
#[derive(Debug)]
pub struct WarmUp {
    is_warm: bool,
    /// Latest epoch of each shard.
    epochs: Vec<u32>,
    /// Epoch after a warm-up and its start, until all shards have reached it.
    awaited: Option<(u32, Over)>,
}

impl WarmUp {
    /// State at the start of a run with this many shards.
    pub fn new(is_warm: bool, shards: usize) -> Self {
        Self { is_warm, epochs: vec![0; shards], awaited: None }
    }

    /// True during a warm-up.
    pub fn is_warm(&self) -> bool {
        self.is_warm
    }

    /// Sets whether the run is in a warm-up; returns true if this changes.
    pub fn turns(&mut self, is_warm: bool) -> bool {
        std::mem::replace(&mut self.is_warm, is_warm) != is_warm
    }

    /// A warm-up was over, when `epoch` started.
    pub fn ended(&mut self, epoch: u32, over: Over) {
        self.awaited = Some((epoch, over));
    }

    /// True from the end of a warm-up until all of it is handed over.
    pub fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }

    /// Records that a shard handed over an interval of this epoch. When the whole warm-up is handed over, returns when
    /// it ended.
    pub fn reported(&mut self, shard: usize, epoch: u32) -> Option<Over> {
        if let Some(newest) = self.epochs.get_mut(shard) {
            *newest = epoch.max(*newest);
        }
        let (awaited, _) = self.awaited?;
        let all = self.epochs.iter().all(|epoch| *epoch >= awaited);
        self.awaited.take_if(|_| all).map(|(_, over)| over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_reported_once_after_all_shards() {
        let over = (Duration::from_secs(3), SystemTime::UNIX_EPOCH);
        let mut warm_up = WarmUp::new(true, 2);
        assert!(!warm_up.turns(true) && warm_up.turns(false) && !warm_up.is_warm());
        warm_up.ended(1, over);
        assert_eq!(
            [(0, 0), (0, 1), (1, 0), (1, 1), (0, 1)].map(|(shard, epoch)| warm_up.reported(shard, epoch)),
            [None, None, None, Some(over), None]
        );
    }
}
