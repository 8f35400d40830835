//! One owner of all totals: merges intervals, keeps the 10 s window and the series, publishes snapshots.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::failures::Failures;
use super::health;
use super::interval::Interval;
use super::row::RowState;
use super::series::Past;
use super::snapshot::{
    Bin, Bucket, Event, ExceptionRow, Health, LoadView, MAX_EVENTS, RunInfo, RunState, Snapshot, SoFar,
};
use super::tally::{Sparse, Times};
use super::window::{self, SLOT, Window};

/// Most different errors in the scenario itself that a run tells apart.
const MAX_EXCEPTIONS: usize = 100;
/// Bars of the distribution in a factor of ten.
const BINS_PER_DECADE: f64 = 8.0;

/// Owns the statistics of a run. It reads no clock: every moment is passed in.
#[derive(Debug)]
pub struct Aggregator {
    run: Arc<RunInfo>,
    endpoints: Vec<(Arc<str>, Arc<str>)>,
    epoch: u32,
    seq: u64,
    /// Users and requests on the wire, by shard.
    shards: Vec<(u32, u32)>,
    cut: u64,
    events: Arc<Vec<Event>>,
    /// Everything a reset forgets.
    stats: Stats,
    /// Room to merge windows in.
    scratch: Times<u64>,
}

/// What is measured since the last reset.
#[derive(Debug)]
struct Stats {
    /// Run time of the reset.
    since: Duration,
    /// Run time at which the open second began.
    opened: Duration,
    rows: Vec<RowState>,
    total: RowState,
    failures: Failures,
    exceptions: Vec<ExceptionRow>,
    more_exceptions: u64,
    past: Past,
    timer_lag: Window<Sparse>,
    schedule_delay: Window<Sparse>,
    /// The last bucket of a run that is over has been written.
    finished: bool,
}

/// What the engine knows at the moment of a snapshot.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Run time, pauses excluded.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// State of the run.
    pub state: RunState,
    /// Users wanted.
    pub target: u32,
    /// Users per second.
    pub spawn_rate: f64,
    /// Integral of users over time, in user-hours.
    pub vu_hours: f64,
    /// Process-wide health signals; the aggregator adds timer lag and schedule delay and sets the level.
    pub health: Health,
}

impl Aggregator {
    /// For a plan's endpoints, as pairs of method and name.
    pub fn new(run: RunInfo, endpoints: Vec<(Arc<str>, Arc<str>)>, shards: usize) -> Self {
        Self {
            run: Arc::new(run),
            stats: Stats::new(endpoints.len(), Duration::ZERO),
            endpoints,
            epoch: 0,
            seq: 0,
            shards: vec![(0, 0); shards],
            cut: 0,
            events: Arc::default(),
            scratch: Times::fine(),
        }
    }

    /// Merges an interval and clears it for reuse. One of an older epoch only updates users, in flight and cut.
    pub fn absorb(&mut self, interval: &mut Interval) {
        if let Some(shard) = self.shards.get_mut(interval.shard) {
            *shard = (interval.users, interval.in_flight);
        }
        self.cut += interval.cut;
        if interval.epoch >= self.epoch {
            self.stats.absorb(interval);
        }
        interval.clear();
    }

    /// Forgets all statistics; from now on only intervals of `epoch` count.
    pub fn reset(&mut self, epoch: u32, elapsed: Duration) {
        self.epoch = epoch;
        self.stats = Stats::new(self.endpoints.len(), elapsed);
    }

    /// Notes a change of load.
    pub fn event(&mut self, event: Event) {
        let events = Arc::make_mut(&mut self.events);
        if events.len() >= MAX_EVENTS {
            events.remove(0);
        }
        events.push(event);
    }

    /// The picture at this moment. Closes series buckets and window slots that `moment` has left behind.
    pub fn snapshot(&mut self, moment: Moment) -> Arc<Snapshot> {
        let (users, in_flight) =
            self.shards.iter().fold((0u32, 0u32), |(u, f), s| (u.saturating_add(s.0), f.saturating_add(s.1)));
        let stats = &mut self.stats;
        let closed = stats.advance(&moment, users);
        let measured = moment.elapsed.saturating_sub(stats.since);
        // Window figures change when a second closes; in the first second, and at the end, nobody wants to wait.
        if closed || measured < SLOT || moment.state.is_done() {
            let covered = stats.total.window.covered(moment.elapsed.saturating_sub(stats.opened));
            stats.total.refresh(covered, &mut self.scratch);
            stats.rows.iter_mut().for_each(|row| row.refresh(covered, &mut self.scratch));
        }
        let total = stats.total.row("".into(), "Aggregated".into(), measured);
        let rows = stats.rows.iter_mut().zip(&self.endpoints);
        let endpoints =
            rows.map(|(row, (method, name))| row.row(Arc::clone(method), Arc::clone(name), measured)).collect();

        let mut health = moment.health;
        let lag = window::merged(stats.timer_lag.iter(), &mut self.scratch);
        let delay = window::merged(stats.schedule_delay.iter(), &mut self.scratch);
        health::judge(&mut health, &lag, &delay, (total.now.response.median(), stats.failures.refused()));

        self.seq += 1;
        Arc::new(Snapshot {
            seq: self.seq,
            at: moment.at,
            run: Arc::clone(&self.run),
            elapsed: moment.elapsed,
            measured,
            state: moment.state,
            load: LoadView {
                users,
                target: moment.target,
                spawn_rate: moment.spawn_rate,
                in_flight,
                vu_hours: moment.vu_hours,
            },
            total,
            endpoints,
            distribution: distribution(stats.total.response()),
            failures: stats.failures.view(&self.endpoints),
            exceptions: stats.exceptions(),
            series: stats.past.view(),
            health,
            cut: self.cut,
            events: Arc::clone(&self.events),
        })
    }
}

impl Stats {
    fn new(endpoints: usize, since: Duration) -> Self {
        Self {
            since,
            opened: since,
            rows: std::iter::repeat_with(RowState::new).take(endpoints).collect(),
            total: RowState::new(),
            failures: Failures::default(),
            exceptions: Vec::new(),
            more_exceptions: 0,
            past: Past::new(),
            timer_lag: Window::new(),
            schedule_delay: Window::new(),
            finished: false,
        }
    }

    fn absorb(&mut self, interval: &mut Interval) {
        for (index, portion) in interval.portions() {
            if let Some(row) = self.rows.get_mut(index) {
                row.absorb(&portion);
                self.total.absorb(&portion);
            }
        }
        self.failures.absorb(&mut interval.failures);
        for (place, message, count) in interval.exceptions.drain(..) {
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
        self.timer_lag.open.merge(&interval.timer_lag.sparse());
        self.schedule_delay.open.merge(&interval.schedule_delay.sparse());
    }

    /// First seen first; what found no room is a row of its own, so that the sum is right.
    fn exceptions(&self) -> Vec<ExceptionRow> {
        let more = ExceptionRow { count: self.more_exceptions, message: "other errors".into(), place: "".into() };
        self.exceptions.iter().cloned().chain((more.count > 0).then_some(more)).collect()
    }

    /// Closes every second that `moment` has left behind. True when one was closed.
    fn advance(&mut self, moment: &Moment, users: u32) -> bool {
        let mut closed = false;
        while moment.elapsed >= self.opened + SLOT {
            let (from, end) = (self.opened, self.opened + SLOT);
            self.opened = end;
            for row in &mut self.rows {
                row.window.close();
            }
            self.timer_lag.close();
            self.schedule_delay.close();
            let second = self.total.window.close();
            let (requests, failures, times) = (second.requests, second.failures, second.response.clone());
            let at = moment.at.checked_sub(moment.elapsed - end).unwrap_or(moment.at);
            let bucket = Bucket { requests, failures, ..self.bucket((from, SLOT), at, users) };
            self.past.push(bucket, &times);
            closed = true;
        }
        let rest = moment.elapsed.saturating_sub(self.opened);
        let open = &self.total.window.open;
        if moment.state.is_done() && !self.finished && (!rest.is_zero() || open.requests > 0) {
            self.finished = true;
            self.total.window.open.compact();
            let open = &self.total.window.open;
            let (requests, failures, times) = (open.requests, open.failures, open.response.clone());
            let bucket = Bucket { requests, failures, ..self.bucket((self.opened, rest), moment.at, users) };
            self.past.finish(bucket, &times);
        }
        closed
    }

    /// A bucket that still lacks its own counts.
    fn bucket(&mut self, (from, length): (Duration, Duration), at: SystemTime, users: u32) -> Bucket {
        let open = if length < SLOT { length } else { Duration::ZERO };
        let (rps, fps) = self.total.window.rates(self.total.window.covered(open));
        let so_far = SoFar { rps, fps, ..self.total.so_far() };
        Bucket { from, length, at, users, requests: 0, failures: 0, p50: None, p95: None, p99: None, so_far }
    }
}

/// Bars of equal width on a logarithmic axis, from the fastest response to the slowest.
fn distribution(times: &Times<u64>) -> Vec<Bin> {
    let step = |micros: u64| ((micros.max(1) as f64).log10() * BINS_PER_DECADE + 1e-9).floor() as i32;
    let mut bins: Vec<Bin> = Vec::new();
    let mut last = 0;
    for (micros, count) in times.values() {
        let mut next = if bins.is_empty() { step(micros) } else { last + 1 };
        // Empty bars between two full ones are bars too.
        while bins.is_empty() || next <= step(micros) {
            let from = 10f64.powf(f64::from(next) / BINS_PER_DECADE) / 1e6;
            bins.push(Bin { from: Duration::from_secs_f64(from), count: 0 });
            last = next;
            next += 1;
        }
        if let Some(bin) = bins.last_mut() {
            bin.count += count;
        }
    }
    bins
}
