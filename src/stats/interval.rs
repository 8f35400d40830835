//! What one shard recorded in one interval, handed over whole.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::{RowBucket, Sums};
use super::by_row::ByRow;
use super::delivery::Tally;
use super::failures::Groups;
use super::histogram::Times;
use super::operation::Costs;
use super::remarks::Remarks;
use super::sample::Sample;
use super::snapshot::{Arrivals, LogLine};

/// Most different errors of the scenario itself in one interval.
const MAX_EXCEPTIONS: usize = 100;
/// Most lines of the log in one interval: with four intervals a second, 100 lines a second from each shard.
const MAX_LINES: usize = 25;

/// Filled by a [`Recorder`](super::Recorder), merged and cleared by the [`Aggregator`](super::Aggregator).
#[derive(Debug)]
pub struct Interval {
    /// Index of the shard.
    pub shard: usize,
    /// Number of statistics resets before it; intervals of an earlier epoch are dropped by the aggregator.
    pub epoch: u32,
    /// Users alive on the shard at its end.
    pub users: u32,
    /// Requests on the wire at its end.
    pub in_flight: u32,
    /// For how long the oldest of them has waited for its response.
    pub oldest: Option<std::time::Duration>,
    /// Requests aborted in it: sent, but in no row.
    pub aborted: u64,
    /// Lists of steps (tasks, `on_start`, `on_stop`) that ended in it before their last step.
    pub unfinished: u64,
    /// The users of the shard, at its end.
    pub shard_users: ShardUsers,
    /// The iterations that were due in it, by outcome.
    pub arrivals: Arrivals,
    /// One per endpoint, from its first sample on.
    cells: Vec<Option<Box<Cell>>>,
    /// Which cells have samples: only these are merged and cleared.
    touched: Vec<u32>,
    pub(super) failures: Groups,
    pub(super) exceptions: Vec<(Arc<str>, Arc<str>, u64)>,
    pub(super) more_exceptions: u64,
    pub(super) deliveries: ByRow<Tally>,
    pub(super) costs: ByRow<Costs>,
    pub(super) remarks: ByRow<Remarks>,
    pub(super) timer_lag: Times<u32>,
    /// Lags of the timer that are too long to be ordinary.
    pub(super) blocked: u64,
    pub(super) schedule_delay: Times<u32>,
    /// Longest time for which messages arrived faster than they were read.
    pub(super) backlog: Duration,
    pub(super) log: Vec<LogLine>,
    pub(super) log_dropped: u64,
}

/// What the supervisor needs to know of a shard's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardUsers {
    /// Slots for users, taken or not.
    pub slots: u32,
    /// Slots of users that have stopped for good.
    pub quit: u32,
    /// Users that start before the others and have finished `on_start`.
    pub ready: u32,
    /// A step has requested the end of the run.
    pub wants_stop: bool,
}

impl Default for Interval {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Interval {
    /// For a plan with this many endpoints.
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
            costs: ByRow::default(),
            remarks: ByRow::default(),
            timer_lag: Times::rough(),
            blocked: 0,
            schedule_delay: Times::rough(),
            backlog: Duration::ZERO,
            log: Vec::new(),
            log_dropped: 0,
        }
    }

    /// Empties it for any shard; buffers stay. The epoch stays too: from it the recorder knows that a reset has reached
    /// the aggregator.
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
        self.costs.clear();
        self.remarks.clear();
        self.timer_lag.clear();
        self.schedule_delay.clear();
        (self.blocked, self.backlog) = (0, Duration::ZERO);
    }

    /// Keeps a line of the log, unless the interval has the maximum already.
    pub(super) fn log(&mut self, line: impl FnOnce() -> LogLine) {
        if self.log.len() < MAX_LINES {
            self.log.push(line());
        } else {
            self.log_dropped += 1;
        }
    }

    /// Finished requests in it.
    pub(super) fn requests(&self) -> u64 {
        let cells = self.touched.iter().filter_map(|index| self.cells.get(*index as usize)?.as_ref());
        cells.map(|cell| cell.sums.requests).sum()
    }

    /// How many of them got a response, and how many did not.
    pub(super) fn responses(&self) -> (u64, u64) {
        let cells = self.touched.iter().filter_map(|index| self.cells.get(*index as usize)?.as_ref());
        cells.fold((0, 0), |(with, without), cell| {
            let responses = cell.sums.responses;
            (with + responses, without + cell.sums.requests.saturating_sub(responses))
        })
    }

    /// Prepares it for this many endpoints.
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

    /// The endpoints with samples, each with what was measured.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (usize, RowBucket)> + '_ {
        self.touched.iter().filter_map(|index| {
            let cell = self.cells.get(*index as usize)?.as_ref()?;
            Some((*index as usize, cell.bucket()))
        })
    }
}

/// One endpoint's part of an interval.
#[derive(Debug)]
struct Cell {
    sums: Sums,
    response: Times<u32>,
    /// Allocated once a sample had a due time.
    service: Option<Box<Times<u32>>>,
    /// True when `service` counts in this interval.
    planned: bool,
}

impl Cell {
    fn new() -> Self {
        Self { sums: Sums::default(), response: Times::fine(), service: None, planned: false }
    }

    fn record(&mut self, sample: &Sample) {
        if sample.response.is_some() && !self.planned {
            self.planned = true;
            // Up to here both times were the same.
            match &mut self.service {
                Some(service) if self.sums.requests == 0 => service.clear(),
                Some(service) => **service = self.response.clone(),
                None => self.service = Some(Box::new(self.response.clone())),
            }
        }
        self.sums.record(sample);
        self.response.record(sample.response.unwrap_or(sample.service));
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
