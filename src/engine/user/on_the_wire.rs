//! A request that has no response yet, and what it counts as if it never gets one.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::record::count;
use crate::engine::in_flight::Ticket;
use crate::engine::shard_state::ShardState;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::{Example, Reason};
use crate::units;

/// Least time after which a request without a reply is the server's failure, however short the stop time-out is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts a request on the wire. One that is dropped before its reply was cut: it is in no row, so it is counted apart.
/// But one that has had as long as a stop gives it and longer was not answered, and that is a failure: a server that
/// stands still towards the end of a run must not look well.
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

    /// The same for one that the server responds to when it has something to say.
    pub(super) fn listening(shard: &Rc<ShardState>, endpoint: EndpointId, late: Option<Duration>) -> Self {
        let ticket = shard.in_flight.begin_listening();
        Self { shard: Rc::clone(shard), endpoint, late, since: Instant::now(), ticket, arrived: false }
    }

    pub(super) fn arrived(mut self) {
        self.arrived = true;
    }

    /// Its user leaves while there is nothing yet: that is nobody's failure, however long it has been.
    pub(super) fn left(self) {
        self.shard.cut.set(self.shard.cut.get() + 1);
        self.arrived();
    }
}

impl Drop for OnTheWire {
    fn drop(&mut self) {
        self.shard.in_flight.end(&mut self.ticket);
        // A user that dies of a panic has not waited in vain.
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
            None => self.shard.cut.set(self.shard.cut.get() + 1),
        }
    }
}

/// Why a request that was cut after `waited` is a failure; `None` when it had no time to be answered.
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
    fn what_had_as_long_as_a_stop_gives_it_was_not_answered() {
        for (waited, stop_timeout, is_failure) in [(9, 10, false), (10, 10, true), (1, 0, false), (2, 0, true)] {
            let failure = unanswered(Duration::from_secs(waited), Duration::from_secs(stop_timeout));
            assert_eq!(failure.is_some(), is_failure, "{waited} {stop_timeout}");
        }
        let (reason, example) = unanswered(Duration::from_millis(14_200), Duration::from_secs(10)).expect("a failure");
        assert_eq!(reason.to_string(), "no response within 10s before the run was stopped");
        assert!(example.detail.contains("14"), "{}", example.detail);
    }
}
