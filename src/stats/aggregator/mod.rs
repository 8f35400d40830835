//! Owns all totals: merges intervals, maintains the 10 s window and the time series, and publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use super::health::{self, hysteresis::LevelHysteresis};
use super::histogram::Times;
use super::interval::Interval;
use super::moment::Moment;
use super::second::{RECENT, Second};
use super::server::ServerFigures;
use super::snapshot::{
    Bin, Blocked, Health, Level, LoadView, LogView, MAX_EVENTS, MAX_LOG, PlanView, RedisView, RunEvent, RunInfo,
    Snapshot,
};
use super::totals::Totals;
use super::window::{self, SLOT};
use crate::row_kind::RowKind;

/// Bins of the distribution per factor of ten.
const BINS_PER_DECADE: f64 = 8.0;

/// Owns the statistics of a run. Reads no clock: the time is passed in.
#[derive(Debug)]
pub struct Aggregator {
    run: Arc<RunInfo>,
    endpoints: Vec<(RowKind, Arc<str>)>,
    epoch: u32,
    resets: u32,
    seq: u64,
    /// By shard: users, requests in flight, and age of the oldest of these.
    shards: Vec<(u32, u32, Option<Duration>)>,
    /// Responses since the last snapshot, and run time of the latest response before it.
    responses: u64,
    last_response: Option<Duration>,
    unanswered: u64,
    most_users: u32,
    aborted: u64,
    unfinished: u64,
    events: Arc<Vec<RunEvent>>,
    log: LogView,
    server: Option<ServerFigures>,
    /// Position in the load plan as last reported by the engine, and the stage reported before.
    plan: PlanView,
    stage_before: Option<usize>,
    /// Epochs of warm-ups: their requests are counted, but in no row.
    warm: Vec<u32>,
    warm_up_requests: u64,
    hysteresis: LevelHysteresis,
    /// The latest seconds, and the number of seconds so far.
    seconds: (Arc<Vec<Arc<Second>>>, u64),
    /// Everything that a reset discards.
    stats: Totals,
    /// Buffer for merging windows.
    scratch: Times<u64>,
}

impl Aggregator {
    /// `endpoints`: kind and name of each endpoint of the plan.
    pub fn new(run: RunInfo, endpoints: Vec<(RowKind, Arc<str>)>, shards: usize) -> Self {
        Self {
            stats: Totals::new(endpoints.len(), Duration::ZERO, run.run_time),
            run: Arc::new(run),
            endpoints,
            epoch: 0,
            resets: 0,
            seq: 0,
            shards: vec![(0, 0, None); shards],
            responses: 0,
            last_response: None,
            unanswered: 0,
            most_users: 0,
            aborted: 0,
            unfinished: 0,
            events: Arc::default(),
            log: LogView::default(),
            server: None,
            plan: PlanView::default(),
            stage_before: None,
            warm: Vec::new(),
            warm_up_requests: 0,
            hysteresis: LevelHysteresis::default(),
            seconds: Default::default(),
            scratch: Times::fine(),
        }
    }

    /// Merges an interval and clears it for reuse. An interval of an older epoch only updates users, requests in flight
    /// and aborted requests.
    pub fn absorb(&mut self, interval: &mut Interval) {
        if let Some(shard) = self.shards.get_mut(interval.shard) {
            *shard = (interval.users, interval.in_flight, interval.oldest);
        }
        let (with, without) = interval.responses();
        self.responses += with;
        self.unanswered += without;
        self.aborted += interval.aborted;
        self.unfinished += interval.unfinished;
        self.append_log(interval);
        let warm = self.warm.contains(&interval.epoch);
        if interval.epoch >= self.epoch {
            // The first warm-up is shown until its end; later ones are not counted.
            if !warm || self.stats.is_warm_up {
                self.stats.absorb(interval, &self.endpoints);
            }
        }
        if warm {
            self.warm_up_requests += interval.requests();
        }
        interval.clear();
    }

    fn append_log(&mut self, interval: &mut Interval) {
        self.log.dropped += interval.log_dropped;
        if interval.log.is_empty() {
            return;
        }
        self.log.total += interval.log.len() as u64;
        let lines = Arc::make_mut(&mut self.log.lines);
        lines.append(&mut interval.log);
        lines.drain(..lines.len().saturating_sub(MAX_LOG));
    }

    /// Starts a warm-up with `epoch`. If nothing was measured before, its figures are shown until
    /// [`Self::end_warm_up`]; otherwise the figures do not change until then.
    pub fn warm_up(&mut self, epoch: u32, elapsed: Duration) {
        self.warm.push(epoch);
        self.stats.is_warm_up = self.stats.total.is_empty();
        self.stats.uncounted_from = (!self.stats.is_warm_up).then_some(elapsed);
    }

    /// Ends the warm-up: everything from `epoch` on is counted.
    pub fn end_warm_up(&mut self, epoch: u32, elapsed: Duration) {
        let stats = &mut self.stats;
        if stats.is_warm_up {
            self.reset(epoch, elapsed);
        } else if let Some(from) = stats.uncounted_from.take() {
            stats.uncounted += elapsed.saturating_sub(from);
        }
    }

    /// Sets the figures of the Redis server.
    pub fn server(&mut self, figures: ServerFigures) {
        self.server = Some(figures);
    }

    /// Updates only the counters of the Redis server: this reading is from after the users have left.
    pub fn server_left(&mut self, later: ServerFigures) {
        match &mut self.server {
            Some(known) if !known.unreached => known.update_counters(&later),
            _ => self.server = Some(later),
        }
    }

    /// Requests of all warm-ups so far.
    pub fn left_out(&self) -> u64 {
        self.warm_up_requests
    }

    /// Sets the position in the load plan for the next snapshots. Arrivals and warm-up requests in it are ignored: the
    /// aggregator counts them.
    pub fn plan(&mut self, plan: PlanView) {
        self.stage_before = std::mem::replace(&mut self.plan, plan).stage_index;
    }

    /// Discards all statistics. From now on only intervals of `epoch` or later are counted.
    pub fn reset(&mut self, epoch: u32, elapsed: Duration) {
        self.epoch = epoch;
        self.resets += 1;
        self.stats.reset(elapsed);
    }

    /// Adds a change of load, or a note.
    pub fn event(&mut self, event: RunEvent) {
        let events = Arc::make_mut(&mut self.events);
        if events.len() >= MAX_EVENTS {
            events.remove(0);
        }
        events.push(event);
    }

    /// Takes a snapshot. Closes buckets and window slots that have ended.
    pub fn snapshot(&mut self, moment: Moment) -> Arc<Snapshot> {
        let (users, in_flight) =
            self.shards.iter().fold((0u32, 0u32), |(u, f), s| (u.saturating_add(s.0), f.saturating_add(s.1)));
        if std::mem::take(&mut self.responses) > 0 {
            // The order of responses and failures within one interval does not matter.
            (self.last_response, self.unanswered) = (Some(moment.elapsed), 0);
        }
        self.most_users = self.most_users.max(users);
        if moment.state.is_done() && self.stats.is_warm_up {
            // The run was stopped in its first warm-up: what was shown so far does not count.
            self.reset(self.epoch, moment.elapsed);
        }
        let stats = &mut self.stats;
        stats.redis = self.server.as_ref().map(|server| (server.memory, server.clients));
        let seconds = stats.advance(&moment, users);
        let closed = !seconds.is_empty();
        // A second is closed after its end, when the next stage may already have started.
        append_seconds(&mut self.seconds, seconds, self.stage_before, moment.health.cpu);
        let measured = stats.measured(moment.elapsed);
        // Window figures are updated when a second closes, and with every snapshot in the first second and at the end.
        if closed || measured < SLOT || moment.state.is_done() {
            let covered = stats.total.window.covered(moment.elapsed.saturating_sub(stats.opened));
            // Less than a second is too short for a rate.
            let covered = if moment.state.is_done() { covered } else { covered.max(SLOT) };
            stats.total.refresh(covered, &mut self.scratch);
            stats.rows.iter_mut().for_each(|row| row.refresh(covered, &mut self.scratch));
        }
        let total = stats.total.row(RowKind::Aggregated, "Aggregated".into(), measured);
        let rows = stats.rows.iter_mut().zip(&self.endpoints);
        let endpoints = rows.map(|(row, (kind, name))| row.row(kind.clone(), Arc::clone(name), measured)).collect();

        let mut health = moment.health;
        let lag = window::merged(stats.timer_lag.iter(), &mut self.scratch);
        let delay = window::merged(stats.schedule_delay.iter(), &mut self.scratch);
        let now = health.blocked.now;
        health.blocked = Blocked { now, recent: lag.max.max(now), ..stats.blocked };
        health.backlog = stats.backlog.iter().map(|slot| slot.0).max().unwrap_or_default();
        for signals in std::mem::take(&mut stats.signals) {
            let blocked = Blocked { now, recent: signals.blocked.max(now), ..Blocked::default() };
            let mut own = Health { blocked, backlog: signals.backlog, ..health.clone() };
            let refused = stats.failures.refused().filter(|_| signals.is_refused);
            let measurements = health::Measurements { lag, delay: signals.delay, median: signals.median, refused };
            health::evaluate(&mut own, &measurements);
            if own.level == Level::Red && !stats.is_warm_up {
                stats.red = (stats.red.0 + SLOT, own.why);
            }
        }
        (health.red, health.red_why) = stats.red.clone();
        let measurements =
            health::Measurements { lag, delay, median: total.now.response.median(), refused: stats.failures.refused() };
        health::evaluate(&mut health, &measurements);
        self.hysteresis.apply(&mut health, moment.elapsed);

        let (messages, lookups) = (stats.deliveries.total(), stats.lookups.total());
        let redis = (self.server.is_some() || !messages.is_empty() || !lookups.is_empty()).then(|| {
            let row = |index: u32| {
                let (kind, name) = self.endpoints.get(index as usize)?;
                Some((kind.clone(), Arc::clone(name)))
            };
            let rows = stats.deliveries.iter().filter_map(|(index, tally)| row(index).map(|(k, n)| (k, n, *tally)));
            let lookups = stats.lookups.iter().filter_map(|(index, found)| row(index).map(|(k, n)| (k, n, *found)));
            let (rows, lookups) = (rows.collect(), lookups.collect());
            Arc::new(RedisView { rows, total: messages, lookups, server: self.server.clone() })
        });

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
                most_users: self.most_users,
                target: moment.target,
                spawn_rate: moment.spawn_rate,
                in_flight,
                oldest: self.shards.iter().filter_map(|shard| shard.2).max(),
                last_response: self.last_response,
                unanswered: self.unanswered,
                vu_hours: moment.vu_hours,
            },
            total,
            endpoints,
            distribution: distribution(stats.total.response()),
            failures: stats.failures.view(&self.endpoints),
            exceptions: stats.exceptions(),
            series: stats.series.view(),
            judgements: Arc::default(),
            blocks: stats.series.blocks(),
            drifts: Arc::default(),
            resets: self.resets,
            seconds: Arc::clone(&self.seconds.0),
            health,
            aborted: self.aborted,
            redis,
            costs: stats.costs.iter().map(|(row, costs)| (row, *costs)).collect(),
            slowest: stats.slowest.iter().map(|(row, slowest)| (row, slowest.clone())).collect(),
            remarks: stats.remarks.iter().map(|(row, remarks)| (row, *remarks)).collect(),
            events: Arc::clone(&self.events),
            plan: PlanView {
                left_out: self.warm_up_requests,
                arrivals: stats.arrivals,
                unfinished: self.unfinished,
                ..self.plan.clone()
            },
            log: self.log.clone(),
        })
    }
}

/// Numbers closed seconds and keeps the latest.
fn append_seconds(
    (kept, number): &mut (Arc<Vec<Arc<Second>>>, u64),
    closed: Vec<Second>,
    stage: Option<usize>,
    cpu: f64,
) {
    if closed.is_empty() {
        return;
    }
    let kept = Arc::make_mut(kept);
    for second in closed {
        *number += 1;
        kept.push(Arc::new(Second { number: *number, stage, cpu, ..second }));
    }
    kept.drain(..kept.len().saturating_sub(RECENT));
}

/// Response times in bins of equal width on a logarithmic axis, from the fastest to the slowest.
fn distribution(times: &Times<u64>) -> Vec<Bin> {
    let step = |micros: u64| ((micros.max(1) as f64).log10() * BINS_PER_DECADE + 1e-9).floor() as i32;
    let mut bins: Vec<Bin> = Vec::new();
    let mut last = 0;
    for (micros, count) in times.values() {
        let mut next = if bins.is_empty() { step(micros) } else { last + 1 };
        // Fill gaps with empty bins.
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

#[cfg(test)]
mod tests;
