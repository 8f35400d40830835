//! Where a receiver puts what it measures.

use std::time::Duration;

use crate::protocol::result::StepResult;
use crate::stats::delivery::Tally;

/// One message that has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// From the send to the receipt. How late it was sent is in the time of its `PUBLISH`, and not here once more.
    pub latency: Duration,
    /// Length of the message.
    pub bytes: u64,
}

/// Where a receiver puts what it measures. Called on the path of receipt, so it must be quick.
pub trait MessageSink {
    /// A measured message has come, for a `DELIVER` row.
    fn delivered(&self, row: u32, delivery: Delivery);
    /// Something was counted for a row.
    fn tally(&self, row: u32, tally: &Tally);
    /// Messages have been coming faster than they were read, for this long.
    fn backlog(&self, behind: Duration);
    /// A connection was opened again, or could not be, for a `SUBSCRIBE` row.
    fn record(&self, result: StepResult);
}
