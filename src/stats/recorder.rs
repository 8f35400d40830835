//! The only thing that happens per request: integer work on memory the shard owns.

use std::sync::Arc;
use std::time::Duration;

use super::interval::Interval;
use super::sample::{Reason, Sample};

/// One a shard.
#[derive(Debug)]
pub struct Recorder {
    interval: Box<Interval>,
}

impl Recorder {
    /// For a plan with so many endpoints.
    pub fn new(shard: usize, endpoints: usize) -> Self {
        Self { interval: Box::new(Interval::new(shard, endpoints)) }
    }

    /// Counts one finished request. No lock, no allocation after an endpoint's first sample, no formatting.
    pub fn record(&mut self, _sample: Sample) {}

    /// True while no example is kept for this kind of failure: only then is a reply's text worth copying.
    pub fn wants_example(&self, _endpoint: u32, _reason: &Reason) -> bool {
        false
    }

    /// Counts an error in the scenario itself (a template that failed).
    pub fn exception(&mut self, _place: &Arc<str>, _message: &str) {}

    /// Lag of the shard's 10 ms timer.
    pub fn timer_lag(&mut self, _lag: Duration) {}

    /// Real start of an iteration minus its due time.
    pub fn schedule_delay(&mut self, _delay: Duration) {}

    /// Hands over what was recorded since the last swap, and goes on in `spare` (cleared) or in a new interval.
    pub fn swap(&mut self, spare: Option<Box<Interval>>) -> Box<Interval> {
        std::mem::replace(&mut self.interval, spare.unwrap_or_default())
    }
}
