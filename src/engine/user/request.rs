//! One request of a user, from the filled step to the recorded sample.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::User;
use crate::engine::in_flight::Ticket;
use crate::engine::shard_state::ShardState;
use crate::protocol::graphql;
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::plan::{EndpointId, GraphqlStep, HttpStep};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Failure, Reason, Sample};
use crate::units;

impl User {
    /// Sends `step`; a GraphQL operation is judged by its own rules.
    pub(super) async fn request(&mut self, step: &HttpStep, operation: Option<&GraphqlStep>, late: Option<Duration>) {
        let endpoint = step.endpoint.0;
        if let Err(error) = self.client.prepare(step, &mut self.scope) {
            capture::none_taken(&step.captures, &mut self.scope);
            let row = &self.shard.plan.endpoints[endpoint as usize];
            let place = format!("{} {}", row.method, row.name);
            return self.failed_at(&place, &error.0).await;
        }
        self.tell_request(step.endpoint);
        let on_the_wire = OnTheWire::new(&self.shard, step.endpoint, late);
        let shard = &self.shard;
        let wants = |reason: &_| shard.recorder.borrow().wants_example(endpoint, reason);
        let (exchange, cost) = match operation {
            None => (self.client.send(step, &mut self.scope, wants).await, None),
            Some(operation) => graphql::send(&mut self.client, operation, &mut self.scope, wants).await,
        };
        if operation.is_some() {
            self.tell_judged(step, &exchange);
        }
        on_the_wire.arrived();
        let sample = sample(endpoint, exchange, late, &shard.plan.secrets);
        let mut recorder = shard.recorder.borrow_mut();
        recorder.record(sample);
        recorder.remark(endpoint, self.client.remarks());
        if let Some(cost) = cost {
            recorder.cost(endpoint, &cost);
        }
    }
}

/// Characters of the words of a failure, at most: it may quote what a server wrote.
const DETAIL: usize = 4_096;

/// Every request of a late iteration is that much later than planned, so its response time is longer by it.
pub(super) fn sample(endpoint: u32, exchange: Exchange, late: Option<Duration>, secrets: &Redactor) -> Sample {
    let failure = exchange.failure.map(|(reason, mut example)| {
        if example.detail.len() > DETAIL {
            example.detail = secrets.clip(&example.detail, DETAIL);
        }
        Box::new(if secrets.is_empty() {
            Failure { reason, example: Some(example) }
        } else {
            // What is folded or cut was masked where that was done; this is for all the rest.
            let reason = reason.masked(|text| secrets.mask(text));
            Failure { reason, example: Some(masked(example, secrets)) }
        })
    });
    Sample {
        endpoint,
        service: exchange.service,
        response: late.map(|late| exchange.service + late),
        connect: exchange.connect,
        first_byte: exchange.first_byte,
        bytes: exchange.bytes,
        failure,
    }
}

fn masked(example: Example, secrets: &Redactor) -> Example {
    let mask = |text: String| secrets.mask(&text).into_owned();
    Example {
        status: example.status,
        headers: mask(example.headers),
        body: mask(example.body),
        detail: mask(example.detail),
    }
}

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
            Some(failure) => {
                let failure = Some(failure);
                let exchange = Exchange { service: waited, connect: None, first_byte: None, bytes: 0, failure };
                let sample = sample(self.endpoint.0, exchange, self.late, &self.shard.plan.secrets);
                self.shard.recorder.borrow_mut().record(sample);
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

    #[test]
    fn a_secret_that_comes_back_is_in_no_part_of_a_failure() {
        let secrets = Redactor::new(["s3cret-token"]);
        let told = || "no user s3cret-token".to_owned();
        let example = Example { status: Some(200), headers: told(), body: told(), detail: told() };
        for reason in [
            Reason::Answer { class: "GraphQL request error", what: told().into() },
            Reason::Other(told().into()),
            Reason::Unmet(told().into()),
        ] {
            let (service, failure) = (Duration::ZERO, Some((reason, example.clone())));
            let exchange = Exchange { service, connect: None, first_byte: None, bytes: 0, failure };
            let sample = sample(0, exchange, None, &secrets);
            let failure = sample.failure.expect("a failure");
            assert!(failure.reason.to_string().ends_with("no user ***"), "{}", failure.reason);
            assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        }
    }
}
