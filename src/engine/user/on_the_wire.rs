//! Tracks a request without a response, and counts it if it never gets one.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::record::count;
use crate::engine::in_flight::Ticket;
use crate::engine::shard_state::ShardState;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::{Example, Reason};
use crate::units;

/// Minimum waiting time of a failure; shorter ones are never a failure, even with a short stop time-out.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tracks a request in flight. If dropped before the response, the request was aborted: it is in no row and counted
/// separately. However, if it had waited for longer than the stop time-out it is a failure: a server that hangs towards
/// the end of a run must not look healthy.
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

    /// Like `new`, for a request whose response may take arbitrarily long.
    pub(super) fn listening(shard: &Rc<ShardState>, endpoint: EndpointId, late: Option<Duration>) -> Self {
        let ticket = shard.in_flight.begin_listening();
        Self { shard: Rc::clone(shard), endpoint, late, since: Instant::now(), ticket, arrived: false }
    }

    pub(super) fn arrived(mut self) {
        self.arrived = true;
    }

    /// Counts the request as aborted, because its user leaves: never a failure.
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

/// Reason and example if a request aborted after `waited` is a failure; `None` if the server had too little time.
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
    fn request_that_waited_longer_than_the_stop_time_out_is_a_failure() {
        for (waited, stop_timeout, is_failure) in [(9, 10, false), (10, 10, true), (1, 0, false), (2, 0, true)] {
            let failure = unanswered(Duration::from_secs(waited), Duration::from_secs(stop_timeout));
            assert_eq!(failure.is_some(), is_failure, "{waited} {stop_timeout}");
        }
        let (reason, example) = unanswered(Duration::from_millis(14_200), Duration::from_secs(10)).expect("a failure");
        assert_eq!(reason.to_string(), "no response within 10s before the run was stopped");
        assert!(example.detail.contains("14"), "{}", example.detail);
    }
}
