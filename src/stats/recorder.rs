//! Records the requests of one shard, in memory owned by the shard.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::by_row::Merge as _;
use super::delivery::Tally;
use super::failures::{MAX_EXAMPLES, fingerprint};
use super::health::BLOCKED;
use super::interval::Interval;
use super::lookups::Lookups;
use super::operation::Cost;
use super::remarks::Remarks;
use super::sample::{Reason, Sample};
use super::snapshot::LogLine;

/// Maximum length of a log line, in characters.
const LONGEST_LINE: usize = 500;

/// Recorder of one shard.
#[derive(Debug)]
pub struct Recorder {
    interval: Box<Interval>,
    shard: usize,
    endpoints: usize,
    /// Fingerprints of failures with an example. Kept after the interval with the example is handed over.
    kept: HashSet<u64>,
    /// Latest epoch of a returned interval.
    epoch: u32,
}

impl Recorder {
    /// Creates a recorder for this many endpoints.
    pub fn new(shard: usize, endpoints: usize) -> Self {
        Self {
            interval: Box::new(Interval::new(shard, endpoints)),
            shard,
            endpoints,
            kept: HashSet::with_capacity(MAX_EXAMPLES),
            epoch: 0,
        }
    }

    /// Counts a finished request. No lock, no formatting, and no allocation after an endpoint's first sample.
    pub fn record(&mut self, sample: Sample) {
        self.interval.record(&sample);
        let trace = sample.known_trace();
        if let Some(mut failure) = sample.failure {
            let mut example = failure.example.take().filter(|_| {
                self.kept.len() < MAX_EXAMPLES && self.kept.insert(fingerprint(sample.endpoint, &failure.reason))
            });
            if let Some(example) = &mut example {
                example.trace = trace;
            }
            self.interval.failures.count(sample.endpoint, failure.reason, example, SystemTime::now());
        }
    }

    /// True if this kind of failure has no example yet: only then is the response copied.
    pub fn wants_example(&self, endpoint: u32, reason: &Reason) -> bool {
        self.kept.len() < MAX_EXAMPLES && !self.kept.contains(&fingerprint(endpoint, reason))
    }

    /// Counts an error in the scenario itself, such as a failed template.
    pub fn exception(&mut self, place: &Arc<str>, message: &str) {
        self.interval.exception(place, message);
    }

    /// Adds the line of a `log` step. Secrets must be masked already.
    pub fn log(&mut self, user: u64, text: &str) {
        self.interval.log(|| {
            let text = crate::clean::line(text);
            let end = text.char_indices().nth(LONGEST_LINE).map_or(text.len(), |(at, _)| at);
            LogLine { at: SystemTime::now(), user, text: text[..end].into() }
        });
    }

    /// Adds to the message counters of a row.
    pub fn delivery(&mut self, endpoint: u32, tally: &Tally) {
        if !tally.is_empty() {
            self.interval.deliveries.row(endpoint).merge(tally);
        }
    }

    /// Adds to the hits and misses of a row.
    pub fn lookups(&mut self, endpoint: u32, lookups: &Lookups) {
        if !lookups.is_empty() {
            self.interval.lookups.row(endpoint).merge(lookups);
        }
    }

    /// Adds the cost reported by a response to a row.
    pub fn cost(&mut self, endpoint: u32, cost: &Cost) {
        self.interval.costs.row(endpoint).add(cost);
    }

    /// Adds the remarks on a response to a row.
    pub fn remark(&mut self, endpoint: u32, remarks: &Remarks) {
        if !remarks.is_empty() {
            self.interval.remarks.row(endpoint).merge(remarks);
        }
    }

    /// Adds a lag of the shard's 10 ms timer.
    pub fn timer_lag(&mut self, lag: Duration) {
        self.interval.timer_lag.record(lag);
        self.interval.blocked += u64::from(lag >= BLOCKED);
    }

    /// Reports for how long messages have arrived faster than they are read.
    pub fn backlog(&mut self, behind: Duration) {
        self.interval.backlog = self.interval.backlog.max(behind);
    }

    /// Adds the delay of an iteration: real start minus due time.
    pub fn schedule_delay(&mut self, delay: Duration) {
        self.interval.schedule_delay.record(delay);
    }

    /// Returns what was recorded since the last swap, and continues in `spare` (which is cleared) or in a new interval.
    pub fn swap(&mut self, spare: Option<Box<Interval>>) -> Box<Interval> {
        let mut next = spare.unwrap_or_else(|| Box::new(Interval::new(self.shard, self.endpoints)));
        if next.epoch > self.epoch {
            // The statistics were reset, including the examples.
            self.epoch = next.epoch;
            self.kept.clear();
        }
        next.clear();
        next.fit(self.endpoints);
        next.shard = self.shard;
        std::mem::replace(&mut self.interval, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::TraceId;
    use crate::stats::sample::{Example, Failure};

    fn failed(endpoint: u32, reason: Reason) -> Sample {
        let example = Some(Example { detail: "x".into(), ..Example::default() });
        Sample {
            bytes: 10,
            failure: Some(Box::new(Failure { reason, example })),
            ..Sample::of(endpoint, Duration::from_millis(5))
        }
    }

    #[test]
    fn one_example_per_kind_until_a_reset() {
        let mut recorder = Recorder::new(0, 2);
        assert!(recorder.wants_example(0, &Reason::Status(503)));
        recorder.record(failed(0, Reason::Status(503)));
        assert!(!recorder.wants_example(0, &Reason::Status(503)));
        assert!(recorder.wants_example(1, &Reason::Status(503)) && recorder.wants_example(0, &Reason::Status(500)));

        let mut first = recorder.swap(None);
        assert!(!recorder.wants_example(0, &Reason::Status(503)), "survives a swap");
        first.epoch = 1;
        recorder.swap(Some(first));
        assert!(recorder.wants_example(0, &Reason::Status(503)), "a reset removes it");
    }

    #[test]
    fn only_requests_that_may_have_arrived_have_traces() {
        let mut recorder = Recorder::new(0, 1);
        let trace = TraceId::parse("000000000000000000000000000000a1");
        for reason in [Reason::ConnectionRefused, Reason::Dns("no".into()), Reason::Timeout(Duration::from_secs(1))] {
            recorder.record(Sample { trace, ..failed(0, reason) });
        }
        let interval = recorder.swap(None);
        assert_eq!(interval.slowest.iter().map(|(_, slowest)| slowest.iter().count()).sum::<usize>(), 1);
        let traced = interval.failures.iter().filter(|(_, group)| group.example.as_ref().unwrap().trace == trace);
        assert_eq!(traced.count(), 1);
    }

    #[test]
    fn number_of_examples_is_limited() {
        let mut recorder = Recorder::new(0, 1);
        (0..300).for_each(|code| recorder.record(failed(0, Reason::Status(code))));
        assert!(!recorder.wants_example(0, &Reason::Status(999)));
    }

    #[test]
    fn spare_interval_is_cleared() {
        let mut recorder = Recorder::new(3, 2);
        recorder.record(failed(1, Reason::ConnectionReset));
        let full = recorder.swap(None);
        assert_eq!(
            full.buckets().map(|(i, p)| (i, p.sums.requests, p.sums.failures, p.sums.bytes)).collect::<Vec<_>>(),
            [(1, 1, 1, 10)]
        );
        recorder.swap(Some(full));
        recorder.exception(&"task 1".into(), "no such variable");
        recorder.exception(&"task 1".into(), "no such variable");
        let again = recorder.swap(None);
        assert_eq!(again.shard, 3);
        assert_eq!(again.buckets().count(), 0);
        assert_eq!(again.failures.iter().count(), 0);
        assert_eq!(again.exceptions[0].2, 2);
    }

    #[test]
    fn service_times_are_separate_from_the_first_due_time_on() {
        let mut recorder = Recorder::new(0, 1);
        let sample = |service, response: Option<u64>| Sample {
            response: response.map(Duration::from_millis),
            ..Sample::of(0, Duration::from_millis(service))
        };
        recorder.record(sample(10, None));
        assert!(recorder.swap(None).buckets().all(|(_, p)| p.service.is_none()));
        recorder.record(sample(10, None));
        recorder.record(sample(20, Some(500)));
        let interval = recorder.swap(None);
        let (_, bucket) = interval.buckets().next().unwrap();
        assert_eq!(bucket.service().exact().sum, 30_000_000);
        assert_eq!(bucket.response.exact().sum, 510_000_000);
    }
}
