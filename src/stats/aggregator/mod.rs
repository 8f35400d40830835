//! Owns all totals: merges intervals, keeps the 10 s window and the series, publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use super::delivery::Tally;
use super::health::{self, steady::Steady};
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

/// Bars of the distribution per factor of ten.
const BINS_PER_DECADE: f64 = 8.0;

/// Owns the statistics of a run. It reads no clock: every moment is passed in.
#[derive(Debug)]
pub struct Aggregator {
    run: Arc<RunInfo>,
    endpoints: Vec<(RowKind, Arc<str>)>,
    epoch: u32,
    resets: u32,
    seq: u64,
    /// Users, requests on the wire and how long the oldest of these waits, by shard.
    shards: Vec<(u32, u32, Option<Duration>)>,
    /// Responses since the last snapshot, and the time of the last one before it.
    responses: u64,
    last_response: Option<Duration>,
    unanswered: u64,
    aborted: u64,
    unfinished: u64,
    events: Arc<Vec<RunEvent>>,
    log: LogView,
    server: Option<ServerFigures>,
    /// Where in its plan the run is, as the engine last reported, and the stage that it reported before.
    plan: PlanView,
    stage_before: Option<usize>,
    /// Epochs of a warm-up: their requests are counted, but in no row.
    warm: Vec<u32>,
    left_out: u64,
    steady: Steady,
    /// The latest seconds, and how many there have been.
    seconds: (Arc<Vec<Arc<Second>>>, u64),
    /// Everything that a reset removes.
    stats: Totals,
    /// Memory to merge windows in.
    scratch: Times<u64>,
}

impl Aggregator {
    /// For a plan's endpoints, as pairs of kind and name.
    pub fn new(run: RunInfo, endpoints: Vec<(RowKind, Arc<str>)>, shards: usize) -> Self {
        Self {
            run: Arc::new(run),
            stats: Totals::new(endpoints.len(), Duration::ZERO),
            endpoints,
            epoch: 0,
            resets: 0,
            seq: 0,
            shards: vec![(0, 0, None); shards],
            responses: 0,
            last_response: None,
            unanswered: 0,
            aborted: 0,
            unfinished: 0,
            events: Arc::default(),
            log: LogView::default(),
            server: None,
            plan: PlanView::default(),
            stage_before: None,
            warm: Vec::new(),
            left_out: 0,
            steady: Steady::default(),
            seconds: Default::default(),
            scratch: Times::fine(),
        }
    }

    /// Merges an interval and clears it for reuse. One of an older epoch only updates users, requests in flight and aborted requests.
    pub fn absorb(&mut self, interval: &mut Interval) {
        if let Some(shard) = self.shards.get_mut(interval.shard) {
            *shard = (interval.users, interval.in_flight, interval.oldest);
        }
        let (with, without) = interval.responses();
        self.responses += with;
        self.unanswered += without;
        self.aborted += interval.aborted;
        self.unfinished += interval.unfinished;
        self.keep_lines(interval);
        let warm = self.warm.contains(&interval.epoch);
        if interval.epoch >= self.epoch {
            // The first warm-up is shown until its end; a later one is not counted at all.
            if !warm || self.stats.is_warm_up {
                self.stats.absorb(interval, &self.endpoints);
            }
        }
        if warm {
            self.left_out += interval.requests();
        }
        interval.clear();
    }

    fn keep_lines(&mut self, interval: &mut Interval) {
        self.log.dropped += interval.log_dropped;
        if interval.log.is_empty() {
            return;
        }
        self.log.total += interval.log.len() as u64;
        let lines = Arc::make_mut(&mut self.log.lines);
        lines.append(&mut interval.log);
        lines.drain(..lines.len().saturating_sub(MAX_LOG));
    }

    /// What is measured in `epoch` is a warm-up. When nothing has been measured before it, it is shown until
    /// [`Self::end_warm_up`]; else the figures do not change until then.
    pub fn warm_up(&mut self, epoch: u32, elapsed: Duration) {
        self.warm.push(epoch);
        self.stats.is_warm_up = self.stats.total.is_empty();
        self.stats.uncounted_from = (!self.stats.is_warm_up).then_some(elapsed);
    }

    /// The warm-up is over: from `epoch` on everything is counted.
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

    /// Sets the counters of the Redis server after the users have left; its other figures stay.
    pub fn server_left(&mut self, later: ServerFigures) {
        match &mut self.server {
            Some(known) if !known.unreached => known.count(&later),
            _ => self.server = Some(later),
        }
    }

    /// Requests of warm-ups so far.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Sets where in its plan the run is, for the next snapshots. The counts are the aggregator's own.
    pub fn plan(&mut self, plan: PlanView) {
        self.stage_before = std::mem::replace(&mut self.plan, plan).stage_index;
    }

    /// Removes all statistics; from now on only intervals of `epoch` are counted.
    pub fn reset(&mut self, epoch: u32, elapsed: Duration) {
        self.epoch = epoch;
        self.resets += 1;
        self.stats = Totals::new(self.endpoints.len(), elapsed);
    }

    /// Records a change of load.
    pub fn event(&mut self, event: RunEvent) {
        let events = Arc::make_mut(&mut self.events);
        if events.len() >= MAX_EVENTS {
            events.remove(0);
        }
        events.push(event);
    }

    /// The snapshot of this moment. Closes series buckets and window slots that are over.
    pub fn snapshot(&mut self, moment: Moment) -> Arc<Snapshot> {
        let (users, in_flight) =
            self.shards.iter().fold((0u32, 0u32), |(u, f), s| (u.saturating_add(s.0), f.saturating_add(s.1)));
        if std::mem::take(&mut self.responses) > 0 {
            // Which of the two came last within 250 ms makes no difference.
            (self.last_response, self.unanswered) = (Some(moment.elapsed), 0);
        }
        let stats = &mut self.stats;
        stats.redis = self.server.as_ref().map(|server| (server.memory, server.clients));
        let seconds = stats.advance(&moment, users);
        let closed = !seconds.is_empty();
        // A second is closed after its end, when the next stage may already have begun.
        keep(&mut self.seconds, seconds, self.stage_before, moment.health.cpu);
        let measured = stats.measured(moment.elapsed);
        // Window figures change when a second closes; in the first second, and at the end, they change at once.
        if closed || measured < SLOT || moment.state.is_done() {
            let covered = stats.total.window.covered(moment.elapsed.saturating_sub(stats.opened));
            // The first moments are no basis for a rate per second.
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
            health::judge(&mut own, &lag, &signals.delay, (signals.median, refused));
            if own.level == Level::Red && !stats.is_warm_up {
                stats.red = (stats.red.0 + SLOT, own.why);
            }
        }
        (health.red, health.red_why) = stats.red.clone();
        health::judge(&mut health, &lag, &delay, (total.now.response.median(), stats.failures.refused()));
        self.steady.hold(&mut health, moment.elapsed);

        let redis = (self.server.is_some() || !stats.deliveries.total().is_empty()).then(|| {
            let row = |(index, tally): (u32, &Tally)| {
                let (kind, name) = self.endpoints.get(index as usize)?;
                Some((kind.clone(), Arc::clone(name), *tally))
            };
            let rows = stats.deliveries.iter().filter_map(row).collect();
            Arc::new(RedisView { rows, total: stats.deliveries.total(), server: self.server.clone() })
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
            remarks: stats.remarks.iter().map(|(row, remarks)| (row, *remarks)).collect(),
            events: Arc::clone(&self.events),
            plan: PlanView {
                left_out: self.left_out,
                arrivals: stats.arrivals,
                unfinished: self.unfinished,
                ..self.plan.clone()
            },
            log: self.log.clone(),
        })
    }
}

/// Numbers the seconds that are over, and keeps the latest.
fn keep((kept, number): &mut (Arc<Vec<Arc<Second>>>, u64), closed: Vec<Second>, stage: Option<usize>, cpu: f64) {
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

/// Bars of equal width on a logarithmic axis, from the fastest response to the slowest.
fn distribution(times: &Times<u64>) -> Vec<Bin> {
    let step = |micros: u64| ((micros.max(1) as f64).log10() * BINS_PER_DECADE + 1e-9).floor() as i32;
    let mut bins: Vec<Bin> = Vec::new();
    let mut last = 0;
    for (micros, count) in times.values() {
        let mut next = if bins.is_empty() { step(micros) } else { last + 1 };
        // Empty bars between two others are bars too.
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
