//! A request that has no response yet, and how it is counted if it never gets one.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::record::count;
use crate::engine::in_flight::Ticket;
use crate::engine::shard_state::ShardState;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::{Example, Reason};
use crate::units;

/// A request without a response for less than this is not a failure, however short the stop time-out is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts a request on the wire. One that is dropped before its response was aborted: it is in no row and counted
/// separately. But one that had waited for longer than the stop time-out is a failure: a server that hangs towards the
/// end of a run must not look healthy.
pub(super) struct OnTheWire {
    shard: Rc<ShardState>,
    endpoint: EndpointId,
    late: Option<Duration>,
    since: Instant,
    ticket: Ticket,
    arrived: bool,
}

impl OnTheWire {
    pub(super) fn new(shard: &Rc<ShardState>, endpoint: EndpointId, late: Option<Duration>) -> Self {
        let since = Instant::now();
        let ticket = shard.in_flight.begin(since);
        Self { shard: Rc::clone(shard), endpoint, late, since, ticket, arrived: false }
    }

    /// The same for a request that the server answers only when it has something to send.
    pub(super) fn listening(shard: &Rc<ShardState>, endpoint: EndpointId, late: Option<Duration>) -> Self {
        let ticket = shard.in_flight.begin_listening();
        Self { shard: Rc::clone(shard), endpoint, late, since: Instant::now(), ticket, arrived: false }
    }

    pub(super) fn arrived(mut self) {
        self.arrived = true;
    }

    /// Its user leaves before there is a response: not a failure, however long it has waited.
    pub(super) fn left(self) {
        self.shard.aborted.set(self.shard.aborted.get() + 1);
        self.arrived();
    }
}

impl Drop for OnTheWire {
    fn drop(&mut self) {
        self.shard.in_flight.end(&mut self.ticket);
        // A panic of the user is not a failure of the server.
        if self.arrived || std::thread::panicking() {
            return;
        }
        let waited = self.since.elapsed();
        match unanswered(waited, self.shard.plan.load.stop_timeout) {
            Some((reason, example)) => {
                let mut result = StepResult::new(Some(self.endpoint), self.late, false);
                result.timings.service = waited;
                result.fail(reason, example);
                count(&self.shard, result);
            }
            None => self.shard.aborted.set(self.shard.aborted.get() + 1),
        }
    }
}

/// Why a request that was aborted after `waited` is a failure; `None` when the server had too little time.
fn unanswered(waited: Duration, stop_timeout: Duration) -> Option<(Reason, Example)> {
    let limit = stop_timeout.max(PATIENCE);
    (waited >= limit).then(|| {
        let detail = format!("sent {} before", units::latency(waited));
        (Reason::NoResponse(limit), Example { detail, ..Example::default() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_waited_longer_than_the_stop_time_out_is_a_failure() {
        for (waited, stop_timeout, is_failure) in [(9, 10, false), (10, 10, true), (1, 0, false), (2, 0, true)] {
            let failure = unanswered(Duration::from_secs(waited), Duration::from_secs(stop_timeout));
            assert_eq!(failure.is_some(), is_failure, "{waited} {stop_timeout}");
        }
        let (reason, example) = unanswered(Duration::from_millis(14_200), Duration::from_secs(10)).expect("a failure");
        assert_eq!(reason.to_string(), "no response within 10s before the run was stopped");
        assert!(example.detail.contains("14"), "{}", example.detail);
    }
}
