//! Measurements of one endpoint, or of all, over a short time; compact enough to keep ten of them per row.

use super::histogram::{Exact, Sparse};
use super::sample::{Sample, StatusClass};
use super::snapshot::Figures;

/// Counters and sums of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Finished requests, failed ones included.
    pub requests: u64,
    /// Requests that got a response.
    pub responses: u64,
    /// Failed requests.
    pub failures: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// Connect times.
    pub connect: Exact,
    /// Times to first byte.
    pub first_byte: Exact,
    /// Response times of failed requests.
    pub failed: Exact,
    /// Failed requests by class of their status, in the order of [`StatusClass::ALL`].
    pub failed_by_class: [u64; StatusClass::ALL.len()],
}

impl Sums {
    pub(super) fn record(&mut self, sample: &Sample) {
        self.requests += 1;
        self.responses += u64::from(sample.has_response());
        if let Some(failure) = &sample.failure {
            self.failures += 1;
            self.failed_by_class[failure.reason.status_class() as usize] += 1;
            self.failed.record(sample.response_time());
        }
        self.bytes = self.bytes.saturating_add(sample.bytes);
        if let Some(time) = sample.connect {
            self.connect.record(time);
        }
        if let Some(time) = sample.first_byte {
            self.first_byte.record(time);
        }
    }

    /// Adds the sums of another interval.
    pub fn merge(&mut self, other: &Sums) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.failures += other.failures;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.connect.merge(&other.connect);
        self.first_byte.merge(&other.first_byte);
        self.failed.merge(&other.failed);
        self.failed_by_class.iter_mut().zip(other.failed_by_class).for_each(|(all, more)| *all += more);
    }

    /// The sums as figures, without rates and response times.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            requests: self.requests,
            responses: self.responses,
            failures: self.failures,
            bytes: self.bytes,
            connect: self.connect.mean(),
            first_byte: self.first_byte.mean(),
            ..Figures::default()
        }
    }
}

/// Sums and histograms.
#[derive(Debug, Clone, Default)]
pub struct RowBucket {
    /// Counters and sums.
    pub sums: Sums,
    /// Response times.
    pub response: Sparse,
    /// Service times; `None` without due times, when they equal the response times.
    pub service: Option<Sparse>,
}

impl RowBucket {
    /// Service times, whether they are stored separately or not.
    pub fn service(&self) -> &Sparse {
        self.service.as_ref().unwrap_or(&self.response)
    }

    /// True if requests finished, and none got a response or waited long for it: how fast connections are refused says
    /// nothing about response times. A time-out does.
    pub fn is_silent(&self) -> bool {
        self.sums.requests > 0 && self.sums.responses == 0 && self.service().exact().max < TELLING
    }

    /// Adds the measurements of another interval.
    pub fn merge(&mut self, other: &RowBucket) {
        if other.service.is_some() && self.service.is_none() {
            self.service = Some(self.response.clone());
        }
        if let Some(service) = &mut self.service {
            service.merge(other.service());
        }
        self.sums.merge(&other.sums);
        self.response.merge(&other.response);
    }

    /// Sorts the times and joins equal ones; required before figures are computed.
    pub fn compact(&mut self) {
        self.response.compact();
        if let Some(service) = &mut self.service {
            service.compact();
        }
    }
}

/// Nanoseconds from which on the time of a request without a response is a lower bound of a response time.
const TELLING: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stats::sample::{Failure, Reason};

    #[test]
    fn refused_connections_have_no_response_times() {
        let bucket = |micros: u32, responses| RowBucket {
            sums: Sums { requests: 2, responses, ..Sums::default() },
            response: Sparse::of_each(
                Exact { count: 1, max: u64::from(micros) * 1_000, ..Exact::default() },
                [micros].into_iter(),
            ),
            service: None,
        };
        assert!(bucket(150, 0).is_silent() && !bucket(150, 1).is_silent());
        // A time-out is at least as long as the response would have taken.
        assert!(!bucket(2_000_000, 0).is_silent());
        assert!(!RowBucket::default().is_silent());
    }

    #[test]
    fn times_of_failed_requests_are_summed_separately() {
        let sample = |ms, failed: bool| Sample {
            response: Some(Duration::from_millis(ms)),
            failure: failed.then(|| Box::new(Failure { reason: Reason::Status(500), example: None })),
            ..Sample::of(0, Duration::from_millis(1))
        };
        let mut sums = Sums::default();
        [sample(10, false), sample(30, true), sample(50, true)].iter().for_each(|sample| sums.record(sample));
        let mut twice = sums;
        twice.merge(&sums);
        assert_eq!((sums.failures, sums.failed.count, sums.failed.sum), (2, 2, 80_000_000));
        assert_eq!((twice.failed.count, twice.failed.max), (4, 50_000_000));
        assert_eq!(twice.failed_by_class[StatusClass::ServerError as usize], 4);
        assert_eq!(twice.failed_by_class.iter().sum::<u64>(), 4);
    }
}
