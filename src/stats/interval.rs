//! What one shard recorded in one interval.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::{RowBucket, Sums};
use super::by_row::ByRow;
use super::delivery::Tally;
use super::failures::Groups;
use super::histogram::Times;
use super::lookups::Lookups;
use super::operation::Costs;
use super::recorded::Recorded;
use super::remarks::Remarks;
use super::sample::Sample;
use super::slowest::Slowest;
use super::snapshot::{Arrivals, LogLine};

/// Maximum number of different scenario errors per interval.
const MAX_EXCEPTIONS: usize = 100;
/// Maximum number of log lines per interval: with four intervals per second, 100 lines per second and shard.
const MAX_LINES: usize = 25;

/// Filled by a [`Recorder`](super::Recorder), merged and cleared by the [`Aggregator`](super::Aggregator).
#[derive(Debug)]
pub struct Interval {
    /// Index of the shard.
    pub shard: usize,
    /// Number of statistics resets before it; the aggregator drops the figures of earlier epochs.
    pub epoch: u32,
    /// Users of the shard at the end of the interval.
    pub users: u32,
    /// Requests in flight at the end.
    pub in_flight: u32,
    /// Age of the oldest request in flight.
    pub oldest: Option<std::time::Duration>,
    /// Requests aborted in the interval: sent, but in no row.
    pub aborted: u64,
    /// Step lists (tasks, `on_start`, `on_stop`) that ended before their last step.
    pub unfinished: u64,
    /// Slots and states of the shard's users at the end.
    pub shard_users: ShardUsers,
    /// Iterations that were due, by outcome.
    pub arrivals: Arrivals,
    /// One per endpoint, allocated with its first sample.
    cells: Vec<Option<Box<Cell>>>,
    /// Indices of cells with samples: only these are merged and cleared.
    touched: Vec<u32>,
    pub(super) failures: Groups,
    pub(super) exceptions: Vec<(Arc<str>, Arc<str>, u64)>,
    pub(super) more_exceptions: u64,
    pub(super) deliveries: ByRow<Tally>,
    pub(super) lookups: ByRow<Lookups>,
    pub(super) costs: ByRow<Costs>,
    pub(super) remarks: ByRow<Remarks>,
    pub(super) slowest: ByRow<Slowest>,
    pub(super) timer_lag: Times<u32>,
    /// Timer lags of at least [`BLOCKED`](super::health::BLOCKED).
    pub(super) blocked: u64,
    pub(super) schedule_delay: Times<u32>,
    /// Longest time for which messages arrived faster than they were read.
    pub(super) backlog: Duration,
    pub(super) log: Vec<LogLine>,
    pub(super) log_dropped: u64,
}

/// State of a shard's users, for the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardUsers {
    /// Slots for users, used or not.
    pub slots: u32,
    /// Slots of users that have quit for good.
    pub quit: u32,
    /// Users with `start: before_others` that have finished `on_start`.
    pub ready: u32,
    /// A step has requested to stop the run.
    pub wants_stop: bool,
}

impl Default for Interval {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Interval {
    /// Creates an interval for this many endpoints.
    pub fn new(shard: usize, endpoints: usize) -> Self {
        Self {
            shard,
            epoch: 0,
            users: 0,
            in_flight: 0,
            oldest: None,
            aborted: 0,
            unfinished: 0,
            shard_users: ShardUsers::default(),
            arrivals: Arrivals::default(),
            cells: std::iter::repeat_with(|| None).take(endpoints).collect(),
            touched: Vec::with_capacity(endpoints),
            failures: Groups::default(),
            exceptions: Vec::new(),
            more_exceptions: 0,
            deliveries: ByRow::default(),
            lookups: ByRow::default(),
            costs: ByRow::default(),
            remarks: ByRow::default(),
            slowest: ByRow::default(),
            timer_lag: Times::rough(),
            blocked: 0,
            schedule_delay: Times::rough(),
            backlog: Duration::ZERO,
            log: Vec::new(),
            log_dropped: 0,
        }
    }

    /// Clears it for reuse by any shard; buffers are kept. The epoch is kept too: it tells the recorder that a reset
    /// has reached the aggregator.
    pub(super) fn clear(&mut self) {
        for index in self.touched.drain(..) {
            if let Some(cell) = self.cells[index as usize].as_mut() {
                cell.clear();
            }
        }
        (self.users, self.in_flight, self.aborted, self.unfinished) = (0, 0, 0, 0);
        self.oldest = None;
        (self.shard_users, self.arrivals) = (ShardUsers::default(), Arrivals::default());
        self.log.clear();
        self.log_dropped = 0;
        self.failures.clear();
        self.exceptions.clear();
        self.more_exceptions = 0;
        self.deliveries.clear();
        self.lookups.clear();
        self.costs.clear();
        self.remarks.clear();
        self.slowest.clear();
        self.timer_lag.clear();
        self.schedule_delay.clear();
        (self.blocked, self.backlog) = (0, Duration::ZERO);
    }

    /// Adds a log line; beyond the maximum it is only counted.
    pub(super) fn log(&mut self, line: impl FnOnce() -> LogLine) {
        if self.log.len() < MAX_LINES {
            self.log.push(line());
        } else {
            self.log_dropped += 1;
        }
    }

    /// Requests finished in the interval.
    pub(super) fn requests(&self) -> u64 {
        let cells = self.touched.iter().filter_map(|index| self.cells.get(*index as usize)?.as_ref());
        cells.map(|cell| cell.sums.requests).sum()
    }

    /// Requests with and without a response.
    pub(super) fn responses(&self) -> (u64, u64) {
        let cells = self.touched.iter().filter_map(|index| self.cells.get(*index as usize)?.as_ref());
        cells.fold((0, 0), |(with, without), cell| {
            let responses = cell.sums.responses;
            (with + responses, without + cell.sums.requests.saturating_sub(responses))
        })
    }

    /// Makes room for this many endpoints.
    pub(super) fn fit(&mut self, endpoints: usize) {
        if self.cells.len() < endpoints {
            self.cells.resize_with(endpoints, || None);
        }
    }

    pub(super) fn record(&mut self, sample: &Sample) {
        let Some(slot) = self.cells.get_mut(sample.endpoint as usize) else {
            debug_assert!(false, "endpoint {} is not in the plan", sample.endpoint);
            return;
        };
        let cell = slot.get_or_insert_with(|| Box::new(Cell::new()));
        if cell.sums.requests == 0 {
            self.touched.push(sample.endpoint);
        }
        cell.record(sample);
        if let Some(trace) = sample.known_trace() {
            self.slowest.row(sample.endpoint).record(trace, sample);
        }
    }

    pub(super) fn exception(&mut self, place: &Arc<str>, message: &str) {
        let full = self.exceptions.len() >= MAX_EXCEPTIONS;
        let known = self.exceptions.iter_mut().find(|(p, m, _)| p == place && **m == *message);
        match known {
            Some((_, _, count)) => *count += 1,
            None if !full => {
                self.exceptions.push((Arc::clone(place), message.into(), 1));
            }
            None => self.more_exceptions += 1,
        }
    }

    /// Measurements of each endpoint with samples.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (usize, RowBucket)> + '_ {
        self.touched.iter().filter_map(|index| {
            let cell = self.cells.get(*index as usize)?.as_ref()?;
            Some((*index as usize, cell.bucket()))
        })
    }
}

/// Measurements of one endpoint in an interval.
#[derive(Debug)]
struct Cell {
    sums: Sums,
    response: Recorded,
    /// Allocated with the first sample that has a due time.
    service: Option<Box<Recorded>>,
    /// True if `service` is valid in this interval.
    planned: bool,
}

impl Cell {
    fn new() -> Self {
        Self { sums: Sums::default(), response: Recorded::new(), service: None, planned: false }
    }

    fn record(&mut self, sample: &Sample) {
        if sample.response.is_some() && !self.planned {
            self.planned = true;
            // Until now both times were equal.
            match &mut self.service {
                Some(service) if self.sums.requests == 0 => service.clear(),
                Some(service) => **service = self.response.clone(),
                None => self.service = Some(Box::new(self.response.clone())),
            }
        }
        self.sums.record(sample);
        self.response.record(sample.response_time());
        if let Some(service) = self.service.as_mut().filter(|_| self.planned) {
            service.record(sample.service);
        }
    }

    fn clear(&mut self) {
        (self.sums, self.planned) = (Sums::default(), false);
        self.response.clear();
        if let Some(service) = &mut self.service {
            service.clear();
        }
    }

    fn bucket(&self) -> RowBucket {
        RowBucket {
            sums: self.sums,
            response: self.response.sparse(),
            service: self.service.as_ref().filter(|_| self.planned).map(|times| times.sparse()),
        }
    }
}
