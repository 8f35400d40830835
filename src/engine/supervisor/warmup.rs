//! Tracks warm-ups, and when the shards have handed over all intervals of one.

use std::time::Duration;

/// State of warm-ups.
#[derive(Debug)]
pub struct WarmUp {
    is_warm: bool,
    /// Latest epoch of each shard.
    epochs: Vec<u32>,
    /// Epoch after a warm-up and its start, until all shards have reached it.
    awaited: Option<(u32, Duration)>,
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

    /// A warm-up ended at `t`, when `epoch` started.
    pub fn ended(&mut self, epoch: u32, t: Duration) {
        self.awaited = Some((epoch, t));
    }

    /// Records that a shard handed over an interval of this epoch. When the whole warm-up is handed over, returns when
    /// it ended.
    pub fn reported(&mut self, shard: usize, epoch: u32) -> Option<Duration> {
        if let Some(newest) = self.epochs.get_mut(shard) {
            *newest = epoch.max(*newest);
        }
        let (awaited, _) = self.awaited?;
        let all = self.epochs.iter().all(|epoch| *epoch >= awaited);
        self.awaited.take_if(|_| all).map(|(_, t)| t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_reported_once_after_all_shards() {
        let t = Duration::from_secs(3);
        let mut warm_up = WarmUp::new(true, 2);
        assert!(!warm_up.turns(true) && warm_up.turns(false) && !warm_up.is_warm());
        warm_up.ended(1, t);
        assert_eq!(
            [(0, 0), (0, 1), (1, 0), (1, 1), (0, 1)].map(|(shard, epoch)| warm_up.reported(shard, epoch)),
            [None, None, None, Some(t), None]
        );
    }
}
