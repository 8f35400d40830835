//! Records the result of a step in the statistics of the shard.

use crate::engine::shard_state::ShardState;
use crate::protocol::message_sink::{Delivery, MessageSink};
use crate::protocol::result::{StepOutcome, StepResult, Timings};
use crate::protocol::trace::TraceEvent;
use crate::scenario::plan::EndpointId;
use crate::scenario::secrets::Redactor;
use crate::stats::delivery::Tally;
use crate::stats::{Example, ExampleRequest, Failure, Lookups, Reason, Sample};

/// Maximum length of a failure's message in characters: it may quote a server.
const DETAIL: usize = 4_096;

/// Sends a result to the observer, if there is one, and records it in its row. Without a row, nothing happens.
pub(super) fn record(shard: &ShardState, result: StepResult) {
    if let (Some(observer), Some(_)) = (&shard.observer, result.row) {
        observer.trace(&TraceEvent::Finished(&result));
    }
    count(shard, result);
}

/// Records a result in its row, if it has one.
pub(super) fn count(shard: &ShardState, mut result: StepResult) {
    let Some(row) = result.row else { return };
    let cost = result.cost.take();
    let mut recorder = shard.recorder.borrow_mut();
    let sample = sample(row, result, &shard.plan.secrets, |reason| recorder.wants_example(row.0, reason));
    recorder.record(sample);
    if let Some(cost) = cost {
        recorder.cost(row.0, &cost);
    }
}

/// Converts a result to a sample. The delay of a late iteration is added to the response time of each of its requests.
fn sample(row: EndpointId, result: StepResult, secrets: &Redactor, wants: impl FnOnce(&Reason) -> bool) -> Sample {
    let Timings { service, connect, first_byte, late, .. } = result.timings;
    let failure = match result.outcome {
        StepOutcome::Failed(failure) => Some(masked(failure, secrets, wants)),
        StepOutcome::Passed | StepOutcome::Unsent(_) => None,
    };
    let response = late.map(|late| service + late);
    Sample {
        endpoint: row.0,
        service,
        response,
        connect,
        first_byte,
        bytes: result.bytes,
        trace: result.trace,
        failure,
    }
}

/// Masks what was not masked yet: folded or truncated text was masked before that. Drops an example that is not needed.
fn masked(mut failure: Box<Failure>, secrets: &Redactor, wants: impl FnOnce(&Reason) -> bool) -> Box<Failure> {
    if !secrets.is_empty() {
        failure.reason = failure.reason.masked(|text| secrets.mask(text));
    }
    let Some(example) = failure.example.take().filter(|_| wants(&failure.reason)) else { return failure };
    let mask = |text: String| if secrets.is_empty() { text } else { secrets.mask(&text).into_owned() };
    let detail = if example.detail.len() > DETAIL { secrets.clip(&example.detail, DETAIL) } else { example.detail };
    let request = example.request.map(|ExampleRequest { line, headers, body }| ExampleRequest {
        line: mask(line),
        headers: mask(headers),
        body: mask(body),
    });
    failure.example = Some(Example {
        request,
        status: example.status,
        headers: mask(example.headers),
        body: mask(example.body),
        detail: mask(detail),
        trace: None,
    });
    failure
}

impl MessageSink for ShardState {
    fn delivered(&self, row: u32, delivery: Delivery) {
        let sample = Sample { bytes: delivery.bytes, ..Sample::of(row, delivery.latency) };
        self.recorder.borrow_mut().record(sample);
    }

    fn tally(&self, row: u32, tally: &Tally) {
        self.recorder.borrow_mut().delivery(row, tally);
    }

    fn lookups(&self, row: u32, lookups: &Lookups) {
        self.recorder.borrow_mut().lookups(row, lookups);
    }

    fn backlog(&self, behind: std::time::Duration) {
        self.recorder.borrow_mut().backlog(behind);
    }

    fn record(&self, result: StepResult) {
        count(self, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_all_parts_of_a_failure() {
        let secrets = Redactor::new(["s3cret-token"]);
        let told = || "no user s3cret-token".to_owned();
        let request = Some(ExampleRequest { line: told(), headers: told(), body: told() });
        let example =
            Example { request, status: Some(200), headers: told(), body: told(), detail: told(), trace: None };
        for reason in [
            Reason::Answer { class: "GraphQL request error", what: told().into() },
            Reason::Other(told().into()),
            Reason::Unmet(told().into()),
        ] {
            let mut result = StepResult::new(None, None, false);
            result.fail(reason, example.clone());
            let sample = sample(EndpointId(0), result, &secrets, |_| true);
            let failure = sample.failure.expect("a failure");
            assert!(failure.reason.to_string().ends_with("no user ***"), "{}", failure.reason);
            assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        }
    }
}
