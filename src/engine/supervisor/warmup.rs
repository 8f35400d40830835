//! Whether the run is warming up, and when the shards have handed over all of a warm-up.

use std::time::Duration;

/// The warm-ups of a run.
#[derive(Debug)]
pub struct WarmUp {
    is_warm: bool,
    /// The newest epoch of each shard.
    epochs: Vec<u32>,
    /// The epoch after a warm-up, and the run time at which it began, until every shard is in it.
    awaited: Option<(u32, Duration)>,
}

impl WarmUp {
    /// At the start of a run on this many shards.
    pub fn new(is_warm: bool, shards: usize) -> Self {
        Self { is_warm, epochs: vec![0; shards], awaited: None }
    }

    /// True while nothing is counted.
    pub fn is_warm(&self) -> bool {
        self.is_warm
    }

    /// Sets whether the run is warming up; true when this is a change.
    pub fn turns(&mut self, is_warm: bool) -> bool {
        std::mem::replace(&mut self.is_warm, is_warm) != is_warm
    }

    /// A warm-up ended at `t` with the beginning of `epoch`.
    pub fn ended(&mut self, epoch: u32, t: Duration) {
        self.awaited = Some((epoch, t));
    }

    /// A shard handed over an interval of this epoch. Once all of a warm-up is handed over, returns when it ended.
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
    fn the_end_is_reported_once_when_every_shard_is_past_it() {
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
