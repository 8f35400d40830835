//! Where protocols report what they measure besides requests.

use std::time::Duration;

use crate::protocol::result::StepResult;
use crate::stats::Lookups;
use crate::stats::delivery::Tally;

/// A message that was delivered.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// From `PUBLISH` being sent to receipt. Lateness is part of the response time of `PUBLISH`, so it is not included.
    pub latency: Duration,
    /// Length of the message.
    pub bytes: u64,
}

/// Receives the measurements of a receiver. Called for each message, so it must be fast.
pub trait MessageSink {
    /// A measured message was delivered, for a `DELIVER` row.
    fn delivered(&self, row: u32, delivery: Delivery);
    /// Adds counts to a row.
    fn tally(&self, row: u32, tally: &Tally);
    /// A command of a row looked something up.
    fn lookups(&self, row: u32, lookups: &Lookups);
    /// Messages have been arriving faster than they are read, for this long.
    fn backlog(&self, behind: Duration);
    /// A reconnect succeeded or failed, for a `SUBSCRIBE` row.
    fn record(&self, result: StepResult);
}
