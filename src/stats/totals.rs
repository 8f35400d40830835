//! Measurements since the last reset: totals and window of every row, and the time series.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::bucket::{RowBucket, Sums};
use super::by_row::ByRow;
use super::delivery::Tally;
use super::failures::Failures;
use super::histogram::Sparse;
use super::interval::Interval;
use super::lookups::Lookups;
use super::moment::Moment;
use super::operation::Costs;
use super::remarks::Remarks;
use super::row::RowState;
use super::second::Second;
use super::slowest::Slowest;
use super::snapshot::{Arrivals, Blocked, Bucket, Cumulative, ExceptionRow, Latency};
use super::timeseries::TimeSeries;
use super::window::{Longest, SLOT, Window};
use crate::row_kind::RowKind;

/// Maximum number of different scenario errors in a run.
const MAX_EXCEPTIONS: usize = 100;

/// Health signals of one second that come from the shards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signals {
    /// Longest time for which a load thread was blocked.
    pub blocked: Duration,
    /// Real send minus due time.
    pub delay: Latency,
    /// Longest time for which messages arrived faster than they were read.
    pub backlog: Duration,
    /// Median response time.
    pub median: Duration,
    /// This machine refused requests, for example for lack of open files.
    pub is_refused: bool,
}

/// A period of the run.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Run time at its start.
    from: Duration,
    length: Duration,
}

/// Measurements since the last reset.
#[derive(Debug)]
pub(super) struct Totals {
    /// Run time at the reset.
    pub since: Duration,
    /// Run time at the start of the open second.
    pub opened: Duration,
    pub rows: Vec<RowState>,
    pub total: RowState,
    pub failures: Failures,
    pub exceptions: Vec<ExceptionRow>,
    pub more_exceptions: u64,
    pub deliveries: ByRow<Tally>,
    pub lookups: ByRow<Lookups>,
    pub costs: ByRow<Costs>,
    pub remarks: ByRow<Remarks>,
    pub slowest: ByRow<Slowest>,
    pub arrivals: Arrivals,
    pub series: TimeSeries,
    /// Memory and clients of the Redis server at its last reading.
    pub redis: Option<(u64, u64)>,
    /// Data of the open second, except for requests: these are in the windows of the rows.
    pub open: Second,
    open_deliveries: ByRow<Tally>,
    open_lookups: ByRow<Lookups>,
    /// Maximum number of users since the start of the open second: at the end of a run there are none left.
    pub most_users: u32,
    pub timer_lag: Window<Sparse>,
    pub schedule_delay: Window<Sparse>,
    pub backlog: Window<Longest>,
    pub blocked: Blocked,
    /// Signals of closed seconds that are not yet evaluated.
    pub signals: Vec<Signals>,
    /// Time as the bottleneck, and the latest reason.
    pub red: (Duration, Option<Arc<str>>),
    /// Number of refused requests when the last second was closed.
    refused: u64,
    /// The last bucket of the finished run has been written.
    pub finished: bool,
    /// Warm-up: everything will be discarded at its end.
    pub is_warm_up: bool,
    /// Run time that is not counted: warm-ups during the run.
    pub uncounted: Duration,
    pub uncounted_from: Option<Duration>,
}

/// Response times for charts: none of a second without any response, which is a gap.
fn times(second: &RowBucket) -> Sparse {
    if second.is_silent() { Sparse::default() } else { second.response.clone() }
}

impl Totals {
    /// `planned`: the run time.
    pub fn new(endpoints: usize, since: Duration, planned: Option<Duration>) -> Self {
        Self {
            since,
            opened: since,
            rows: std::iter::repeat_with(RowState::new).take(endpoints).collect(),
            total: RowState::new(),
            failures: Failures::default(),
            exceptions: Vec::new(),
            more_exceptions: 0,
            deliveries: ByRow::default(),
            lookups: ByRow::default(),
            costs: ByRow::default(),
            remarks: ByRow::default(),
            slowest: ByRow::default(),
            arrivals: Arrivals::default(),
            series: TimeSeries::new(planned),
            redis: None,
            open: Second::default(),
            open_deliveries: ByRow::default(),
            open_lookups: ByRow::default(),
            most_users: 0,
            timer_lag: Window::new(),
            schedule_delay: Window::new(),
            backlog: Window::new(),
            blocked: Blocked::default(),
            signals: Vec::new(),
            red: (Duration::ZERO, None),
            refused: 0,
            finished: false,
            is_warm_up: false,
            uncounted: Duration::ZERO,
            uncounted_from: None,
        }
    }

    /// Starts again at `since`. Histograms keep their memory: new ones would grow to the same sizes, and the gaps that
    /// the old ones leave are rarely large enough for anything else.
    pub fn reset(&mut self, since: Duration) {
        let mut fresh = Self::new(0, since, None);
        std::mem::swap(&mut fresh.rows, &mut self.rows);
        std::mem::swap(&mut fresh.total, &mut self.total);
        std::mem::swap(&mut fresh.series, &mut self.series);
        fresh.rows.iter_mut().for_each(RowState::clear);
        fresh.total.clear();
        fresh.series.clear();
        *self = fresh;
    }

    /// Counted run time so far.
    pub fn measured(&self, elapsed: Duration) -> Duration {
        let until = self.uncounted_from.unwrap_or(elapsed);
        until.saturating_sub(self.since).saturating_sub(self.uncounted)
    }

    pub fn absorb(&mut self, interval: &mut Interval, rows: &[(RowKind, Arc<str>)]) {
        for (index, bucket) in interval.buckets() {
            if let Some(row) = self.rows.get_mut(index) {
                row.absorb(&bucket);
                if rows.get(index).is_none_or(|(kind, _)| kind.is_request()) {
                    self.total.absorb(&bucket);
                }
            }
        }
        self.deliveries.merge(&interval.deliveries);
        self.open_deliveries.merge(&interval.deliveries);
        self.lookups.merge(&interval.lookups);
        self.open_lookups.merge(&interval.lookups);
        self.costs.merge(&interval.costs);
        self.remarks.merge(&interval.remarks);
        self.slowest.merge(&interval.slowest);
        self.failures.absorb(&mut interval.failures);
        for (place, message, count) in interval.exceptions.drain(..) {
            self.open.exceptions += count;
            let full = self.exceptions.len() >= MAX_EXCEPTIONS;
            match self.exceptions.iter_mut().find(|row| row.place == place && row.message == message) {
                Some(row) => row.count += count,
                None if !full => {
                    self.exceptions.push(ExceptionRow { count, message, place });
                }
                None => self.more_exceptions += count,
            }
        }
        self.more_exceptions += interval.more_exceptions;
        self.open.exceptions += interval.more_exceptions;
        self.arrivals.merge(interval.arrivals);
        self.open.arrivals.merge(interval.arrivals);
        self.timer_lag.open.merge(&interval.timer_lag.sparse());
        self.schedule_delay.open.merge(&interval.schedule_delay.sparse());
        self.blocked.count += interval.blocked;
        if interval.blocked > 0 {
            self.blocked.longest = self.blocked.longest.max(interval.timer_lag.longest());
        }
        self.backlog.open.0 = self.backlog.open.0.max(interval.backlog);
    }

    /// In order of first occurrence. Errors beyond the maximum are one row, so that the sum is correct.
    pub fn exceptions(&self) -> Vec<ExceptionRow> {
        let more = ExceptionRow { count: self.more_exceptions, message: "other errors".into(), place: "".into() };
        self.exceptions.iter().cloned().chain((more.count > 0).then_some(more)).collect()
    }

    /// Closes every second that ended before `moment` and returns them, without sequence numbers.
    pub fn advance(&mut self, moment: &Moment, users: u32) -> Vec<Second> {
        let mut closed = Vec::new();
        self.most_users = self.most_users.max(users);
        let users = if moment.state.is_done() { self.most_users } else { users };
        while moment.elapsed >= self.opened + SLOT {
            let (from, end) = (self.opened, self.opened + SLOT);
            self.opened = end;
            let mut open = std::mem::take(&mut self.open);
            for (index, row) in (0u32..).zip(&mut self.rows) {
                let second = row.window.close();
                if second.sums.requests > 0 {
                    open.rows.push((index, second.clone()));
                }
            }
            let blocked = Duration::from_nanos(self.timer_lag.close().exact().max);
            open.schedule_delay = self.schedule_delay.close().clone();
            let backlog = self.backlog.close().0;
            let second = self.total.window.close();
            let (requests, failures, times) = (second.sums.requests, second.sums.failures, times(second));
            let refused = self.failures.refused().map_or(0, |(count, _)| count);
            let delay = open.schedule_delay.latency();
            self.signals.push(Signals {
                blocked,
                delay,
                backlog,
                median: second.response.latency().median(),
                is_refused: std::mem::replace(&mut self.refused, refused) < refused,
            });
            let at = moment.at.checked_sub(moment.elapsed - end).unwrap_or(moment.at);
            let bucket = Bucket { requests, failures, ..self.bucket(Span { from, length: SLOT }, at, users) };
            self.series.push(bucket, &times, self.redis);
            self.most_users = users;
            open.total = self.total.window.last().cloned().unwrap_or_default();
            closed.push(self.finish_second(open, Span { from, length: SLOT }, at, users));
        }
        let rest = moment.elapsed.saturating_sub(self.opened);
        let open = &self.total.window.open;
        if moment.state.is_done() && !self.finished && (!rest.is_zero() || open.sums.requests > 0) {
            self.finished = true;
            let Sums { requests, failures, .. } = open.sums;
            let mut times = self.total.window.last().map(self::times).unwrap_or_default();
            let mut own = self::times(&self.total.window.open);
            times.merge(&own);
            times.compact();
            own.compact();
            let span = Span { from: self.opened, length: rest };
            let bucket = Bucket { requests, failures, ..self.bucket(span, moment.at, users) };
            self.series.finish(bucket, &own, &times);
            let open = self.partial_second();
            closed.push(self.finish_second(open, span, moment.at, users));
        }
        closed
    }

    /// Takes the partial second in which the run ends.
    fn partial_second(&mut self) -> Second {
        let mut open = std::mem::take(&mut self.open);
        let rows = (0u32..).zip(&self.rows).filter(|(_, row)| row.window.open.sums.requests > 0);
        open.rows = rows.map(|(index, row)| (index, row.window.open.clone())).collect();
        open.total = self.total.window.open.clone();
        open.schedule_delay = self.schedule_delay.open.clone();
        open.schedule_delay.compact();
        let buckets = open.rows.iter_mut().map(|(_, bucket)| bucket).chain([&mut open.total]);
        buckets.for_each(|bucket| bucket.compact());
        open
    }

    /// Completes a second that has ended.
    fn finish_second(&mut self, open: Second, Span { from, length }: Span, at: SystemTime, users: u32) -> Second {
        let deliveries = self.open_deliveries.iter().map(|(row, tally)| (row, *tally)).collect();
        self.open_deliveries.clear();
        let lookups = self.open_lookups.iter().map(|(row, lookups)| (row, *lookups)).collect();
        self.open_lookups.clear();
        // A second that is only partly in a warm-up counts.
        let is_warm_up = self.is_warm_up || self.uncounted_from.is_some_and(|warm| from >= warm);
        Second { from, length, at: Some(at), users, is_warm_up, deliveries, lookups, ..open }
    }

    /// A bucket with totals, but without its own counts.
    fn bucket(&mut self, Span { from, length }: Span, at: SystemTime, users: u32) -> Bucket {
        let open = if length < SLOT { length } else { Duration::ZERO };
        let (rps, fps) = self.total.window.rates(self.total.window.covered(open));
        let cumulative = Cumulative { rps, fps, ..self.total.cumulative() };
        Bucket { from, length, at, users, requests: 0, failures: 0, p50: None, p95: None, p99: None, cumulative }
    }
}
