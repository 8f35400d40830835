//! One owner of all totals: merges intervals, keeps the 10 s window and the series, publishes snapshots.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::delivery::Tally;
use super::health::{self, steady::Steady};
use super::interval::Interval;
use super::server::ServerFigures;
use super::snapshot::{
    Bin, Blocked, Event, Health, LoadView, LogView, MAX_EVENTS, MAX_LOG, PlanView, RedisView, RunInfo, RunState,
    Snapshot,
};
use super::tally::Times;
use super::totals::Stats;
use super::window::{self, SLOT};

/// Bars of the distribution in a factor of ten.
const BINS_PER_DECADE: f64 = 8.0;

/// Owns the statistics of a run. It reads no clock: every moment is passed in.
#[derive(Debug)]
pub struct Aggregator {
    run: Arc<RunInfo>,
    endpoints: Vec<(Arc<str>, Arc<str>)>,
    epoch: u32,
    seq: u64,
    /// Users, requests on the wire and how long the oldest of these waits, by shard.
    shards: Vec<(u32, u32, Option<Duration>)>,
    /// Responses since the last snapshot, and when one came before that.
    responses: u64,
    last_response: Option<Duration>,
    unanswered: u64,
    cut: u64,
    unfinished: u64,
    events: Arc<Vec<Event>>,
    log: LogView,
    server: Option<ServerFigures>,
    /// Where in its plan the run is, as the engine last said.
    plan: PlanView,
    /// Epochs of a warm-up: their requests are counted, but in no row.
    warm: Vec<u32>,
    left_out: u64,
    steady: Steady,
    /// Everything a reset forgets.
    stats: Stats,
    /// Room to merge windows in.
    scratch: Times<u64>,
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
            shards: vec![(0, 0, None); shards],
            responses: 0,
            last_response: None,
            unanswered: 0,
            cut: 0,
            unfinished: 0,
            events: Arc::default(),
            log: LogView::default(),
            server: None,
            plan: PlanView::default(),
            warm: Vec::new(),
            left_out: 0,
            steady: Steady::default(),
            scratch: Times::fine(),
        }
    }

    /// Merges an interval and clears it for reuse. One of an older epoch only updates users, in flight and cut.
    pub fn absorb(&mut self, interval: &mut Interval) {
        if let Some(shard) = self.shards.get_mut(interval.shard) {
            *shard = (interval.users, interval.in_flight, interval.oldest);
        }
        let (with, without) = interval.responses();
        self.responses += with;
        self.unanswered += without;
        self.cut += interval.cut;
        self.unfinished += interval.unfinished;
        self.keep_lines(interval);
        let warm = self.warm.contains(&interval.epoch);
        if interval.epoch >= self.epoch {
            // The first warm-up is shown while it lasts, and forgotten at its end; one in mid-run is not counted at all.
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
    /// [`Self::end_warm_up`]; else the figures stand still until then.
    pub fn warm_up(&mut self, epoch: u32, elapsed: Duration) {
        self.warm.push(epoch);
        self.stats.is_warm_up = self.stats.total.is_empty();
        self.stats.uncounted_from = (!self.stats.is_warm_up).then_some(elapsed);
    }

    /// The warm-up is over: from `epoch` on everything counts.
    pub fn end_warm_up(&mut self, epoch: u32, elapsed: Duration) {
        let stats = &mut self.stats;
        if stats.is_warm_up {
            self.reset(epoch, elapsed);
        } else if let Some(from) = stats.uncounted_from.take() {
            stats.uncounted += elapsed.saturating_sub(from);
        }
    }

    /// Notes what the Redis server says about itself.
    pub fn server(&mut self, figures: ServerFigures) {
        self.server = Some(figures);
    }

    /// Notes what it says once the users leave: its figures stay what they were, only its counts go on.
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

    /// Says where in its plan the run is, for the next snapshots. The counts are the aggregator's own.
    pub fn plan(&mut self, plan: PlanView) {
        self.plan = plan;
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
        if std::mem::take(&mut self.responses) > 0 {
            // Which of the two came last within 250 ms makes no difference.
            (self.last_response, self.unanswered) = (Some(moment.elapsed), 0);
        }
        let stats = &mut self.stats;
        let closed = stats.advance(&moment, users);
        let measured = stats.measured(moment.elapsed);
        // Window figures change when a second closes; in the first second, and at the end, nobody wants to wait.
        if closed || measured < SLOT || moment.state.is_done() {
            let covered = stats.total.window.covered(moment.elapsed.saturating_sub(stats.opened));
            // What came in the first moments says nothing yet of a whole second.
            let covered = if moment.state.is_done() { covered } else { covered.max(SLOT) };
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
        let now = health.blocked.now;
        health.blocked = Blocked { now, recent: lag.max.max(now), ..stats.blocked };
        health.backlog = stats.backlog.iter().map(|slot| slot.0).max().unwrap_or_default();
        health::judge(&mut health, &lag, &delay, (total.now.response.median(), stats.failures.refused()));
        self.steady.hold(&mut health, moment.elapsed);

        let redis = (self.server.is_some() || !stats.deliveries.total().is_empty()).then(|| {
            let row = |(index, tally): (u32, &Tally)| {
                let (method, name) = self.endpoints.get(index as usize)?;
                Some((Arc::clone(method), Arc::clone(name), *tally))
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
            series: stats.past.view(),
            health,
            cut: self.cut,
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

#[cfg(test)]
mod tests {
    use super::super::{Failure, Reason, Recorder, Sample};
    use super::*;

    fn aggregator() -> Aggregator {
        let run = RunInfo {
            scenario: "shop".into(),
            host: "http://t".into(),
            started: SystemTime::UNIX_EPOCH,
            is_insecure: false,
            run_time: None,
            classes: Vec::new(),
            seed: 1,
            operations: Vec::new(),
        };
        Aggregator::new(run, vec![("GET".into(), "/a".into()), ("POST".into(), "/b".into())], 2)
    }

    fn at(millis: u64, state: RunState) -> Moment {
        let elapsed = Duration::from_millis(millis);
        let health = Health::default();
        let at = SystemTime::UNIX_EPOCH + elapsed;
        Moment { elapsed, at, state, target: 1, spawn_rate: 1.0, vu_hours: 0.0, health }
    }

    fn sent(endpoint: u32, millis: u64) -> Sample {
        let service = Duration::from_millis(millis);
        Sample { endpoint, service, response: None, connect: None, first_byte: None, bytes: 10, failure: None }
    }

    fn give(aggregator: &mut Aggregator, samples: Vec<Sample>, epoch: u32) {
        let mut recorder = Recorder::new(0, 2);
        samples.into_iter().for_each(|s| recorder.record(s));
        let mut interval = recorder.swap(None);
        (interval.epoch, interval.users, interval.cut) = (epoch, 7, 1);
        aggregator.absorb(&mut interval);
    }

    #[test]
    fn the_window_slides_and_empties() {
        let mut a = aggregator();
        for second in 1..=20 {
            give(&mut a, (0..5).map(|_| sent(0, 20)).collect(), 0);
            let s = a.snapshot(at(second * 1_000, RunState::Running));
            assert!((s.total.now.rps - 5.0).abs() < 1e-9, "second {second}: {}", s.total.now.rps);
            assert_eq!(s.total.now.requests, 5 * second.min(10));
            assert_eq!(s.endpoints[1].now.requests, 0);
        }
        let s = a.snapshot(at(32_000, RunState::Running));
        assert_eq!((s.total.now.rps, s.total.now.requests, s.total.total.requests), (0.0, 0, 100));
        assert_eq!((s.series.fine.len(), s.series.fine[25].requests, s.series.fine[25].p95), (32, 0, None));
        assert_eq!(s.distribution.iter().map(|b| b.count).sum::<u64>(), 100);
    }

    #[test]
    fn what_was_blocked_or_behind_is_in_the_health_for_ten_seconds_and_counted_for_the_run() {
        let mut a = aggregator();
        let (recent, behind) = (Duration::from_millis(300), Duration::from_secs(2));
        let mut recorder = Recorder::new(0, 2);
        for lag in [Duration::from_millis(1), recent, Duration::from_millis(249)] {
            recorder.timer_lag(lag);
        }
        recorder.backlog(behind);
        recorder.backlog(Duration::ZERO);
        a.absorb(&mut recorder.swap(None));
        let blocked = Blocked { now: Duration::ZERO, recent, count: 1, longest: recent };
        for second in 1..=12 {
            let health = a.snapshot(at(second * 1_000, RunState::Running)).health.clone();
            let (blocked, behind) = match second {
                ..=10 => (blocked, behind),
                _ => (Blocked { recent: Duration::ZERO, ..blocked }, Duration::ZERO),
            };
            assert_eq!((health.blocked, health.backlog), (blocked, behind), "second {second}");
        }
        let mut away = at(12_500, RunState::Running);
        away.health.blocked.now = Duration::from_secs(7);
        let blocked = a.snapshot(away).health.blocked;
        assert_eq!((blocked.now, blocked.recent, blocked.count), (Duration::from_secs(7), Duration::from_secs(7), 1));
    }

    #[test]
    fn a_reset_forgets_and_older_intervals_only_update_users() {
        let mut a = aggregator();
        let mut failed = sent(1, 5);
        failed.failure = Some(Box::new(Failure { reason: Reason::Status(500), example: None }));
        give(&mut a, vec![failed], 0);
        assert_eq!(a.snapshot(at(3_000, RunState::Running)).failures.rows.len(), 1);
        a.reset(1, Duration::from_secs(3));
        give(&mut a, vec![sent(0, 5)], 0);
        let s = a.snapshot(at(3_500, RunState::Running));
        assert_eq!((s.total.total.requests, s.failures.rows.len(), s.series.fine.len()), (0, 0, 0));
        assert_eq!((s.load.users, s.cut, s.measured), (7, 2, Duration::from_millis(500)));
        give(&mut a, vec![sent(0, 5)], 1);
        let s = a.snapshot(at(4_000, RunState::Done(super::super::snapshot::End::Stopped)));
        assert_eq!((s.total.total.requests, s.total.total.rps), (1, 1.0));
        assert_eq!(s.series.fine[0].from, Duration::from_secs(3));
    }

    #[test]
    fn a_begun_second_at_the_end_is_divided_by_no_length_of_its_own() {
        let done = RunState::Done(super::super::snapshot::End::Completed);
        let mut failed = sent(1, 900);
        failed.failure = Some(Box::new(Failure { reason: Reason::Status(500), example: None }));
        let mut a = aggregator();
        for second in 1..=3 {
            give(&mut a, (0..8).map(|_| sent(0, 20)).collect(), 0);
            a.snapshot(at(second * 1_000, RunState::Running));
        }
        give(&mut a, vec![failed, sent(1, 900)], 0);
        let s = a.snapshot(at(3_004, done));
        let rates = |b: &super::super::snapshot::Bucket| b.requests as f64 / b.length.as_secs_f64();
        assert!(s.series.iter().all(|b| rates(b) < 10.0 && b.users == 7), "{:?}", s.series);
        let last = s.series.iter().next_back().unwrap();
        assert_eq!((last.requests, last.failures, last.length), (10, 1, Duration::from_millis(1_004)));
        // Of both parts: 8 times 20 ms and 2 times 900 ms, to three digits.
        assert_eq!((last.p50, last.p95), (Some(Duration::from_micros(20_015)), Some(Duration::from_millis(900))));
        assert_eq!((last.so_far.requests, last.at), (26, s.at));
        assert!((s.total.now.rps - 26.0 / 3.004).abs() < 1e-9 && (s.total.total.rps - s.total.now.rps).abs() < 1e-9);

        // A run that is shorter than a second has its average, and while it lasts no more than what came.
        let mut a = aggregator();
        give(&mut a, (0..30).map(|_| sent(0, 20)).collect(), 0);
        assert_eq!(a.snapshot(at(10, RunState::Running)).total.now.rps, 30.0);
        let s = a.snapshot(at(500, done));
        assert_eq!((s.total.total.rps, s.total.now.rps, s.series.fine[0].so_far.rps), (60.0, 60.0, 60.0));
        assert_eq!((s.series.fine.len(), s.series.fine[0].users), (1, 7));
    }

    #[test]
    fn it_is_known_since_when_there_is_no_response() {
        let mut a = aggregator();
        let silent = || {
            let reason = Reason::Timeout(Duration::from_secs(1));
            Sample { failure: Some(Box::new(Failure { reason, example: None })), ..sent(0, 5) }
        };
        let wrong =
            || Sample { failure: Some(Box::new(Failure { reason: Reason::Status(503), example: None })), ..sent(0, 5) };
        // A body that did not come whole is a response that has begun.
        let cut = || Sample { first_byte: Some(Duration::from_millis(1)), ..silent() };
        for (second, samples, wanted) in [
            (1, vec![], (None, 0)),
            (2, vec![silent(), silent()], (None, 2)),
            (3, vec![wrong()], (Some(3), 0)),
            (4, vec![silent()], (Some(3), 1)),
            (5, vec![silent(), cut()], (Some(5), 0)),
            (6, vec![silent(), silent()], (Some(5), 2)),
        ] {
            give(&mut a, samples, 0);
            let load = a.snapshot(at(second * 1_000, RunState::Running)).load;
            assert_eq!((load.last_response.map(|d| d.as_secs()), load.unanswered), wanted, "at {second} s");
        }
        let s = a.snapshot(at(7_000, RunState::Running));
        assert_eq!((s.total.total.requests, s.total.total.responses), (8, 2));
        // A reset forgets figures, not whether the server lives.
        a.reset(1, Duration::from_secs(7));
        assert_eq!(a.snapshot(at(8_000, RunState::Running)).load.last_response, Some(Duration::from_secs(5)));
    }

    #[test]
    fn pausing_closes_nothing_and_the_end_closes_all() {
        let mut a = aggregator();
        give(&mut a, vec![sent(0, 5), sent(1, 50)], 0);
        for _ in 0..5 {
            assert_eq!(a.snapshot(at(1_500, RunState::Paused)).series.fine.len(), 1);
        }
        give(&mut a, vec![sent(0, 5)], 0);
        let done = RunState::Done(super::super::snapshot::End::Completed);
        let s = a.snapshot(at(1_700, done));
        assert_eq!(s.series.iter().map(|b| b.requests).sum::<u64>(), 3);
        let last = s.series.fine.last().unwrap();
        assert_eq!((last.so_far.requests, last.length, s.series.fine.len()), (3, Duration::from_millis(1_700), 1));
        let dir = tempfile::tempdir().unwrap();
        let files = crate::report::csv::write(&crate::report::csv::prefix(dir.path(), &s), &s).unwrap();
        let stats = std::fs::read_to_string(&files[0]).unwrap();
        let row = stats.lines().nth(1).unwrap();
        assert!(row.starts_with("GET,/a,2,0,5,5.0,5.0,5.0,10.0,1.17"), "{row}");
        assert!(row.ends_with(",5,5,5,5,5,5,5,5,5,5,5"), "{row}");
        let history = std::fs::read_to_string(&files[1]).unwrap();
        assert!(history.lines().nth(1).unwrap().starts_with("0,0,,Aggregated,0.000000,0.000000,N/A,"), "{history}");
        for width in [0, 1, 40, 80, 120, 200] {
            let text = crate::report::text::tables(&s, width) + &crate::report::text::summary(&s, width);
            assert!(text.lines().all(|l| unicode_width::UnicodeWidthStr::width(l) <= width), "{width}\n{text}");
        }
    }
}
