//! What one shard recorded in one interval, handed over whole.

/// Filled by a [`Recorder`](super::Recorder), merged and cleared by the [`Aggregator`](super::Aggregator).
#[derive(Debug, Default)]
pub struct Interval {
    /// Which shard.
    pub shard: usize,
    /// Number of statistics resets before it; an older one is dropped by the aggregator.
    pub epoch: u32,
    /// Users alive on the shard at its end.
    pub users: u32,
    /// Requests on the wire at its end.
    pub in_flight: u32,
    /// Requests cut in it: sent, but in no row.
    pub cut: u64,
}

impl Interval {
    /// For a plan with so many endpoints.
    pub fn new(shard: usize, _endpoints: usize) -> Self {
        Self { shard, ..Self::default() }
    }
}
