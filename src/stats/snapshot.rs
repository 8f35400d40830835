//! The immutable picture of a run that every reader shares: screen, headless output, reports.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::delivery::Tally;
use super::operation::{Asked, Costs};
use super::sample::Example;
use super::server::ServerFigures;

/// The percentiles kept everywhere: Locust's report list.
pub const PERCENTILES: [f64; 11] = [50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0];
/// Column headers of [`PERCENTILES`], exactly as Locust writes them.
pub const PERCENTILE_LABELS: [&str; 11] =
    ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"];

/// Everything known about a run at one moment. Freezing the display is keeping an old `Arc`.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Counts up by one a snapshot.
    pub seq: u64,
    /// When it was taken.
    pub at: SystemTime,
    /// What does not change during the run.
    pub run: Arc<RunInfo>,
    /// Run time so far; pauses do not count.
    pub elapsed: Duration,
    /// Run time since the statistics were last reset: the divisor of the totals' rates.
    pub measured: Duration,
    /// What the run is doing.
    pub state: RunState,
    /// Users and rates.
    pub load: LoadView,
    /// All endpoints together.
    pub total: Row,
    /// One row an endpoint, in the plan's order; endpoints without requests too.
    pub endpoints: Vec<Row>,
    /// Response times of all endpoints in logarithmic bins, for the histogram.
    pub distribution: Vec<Bin>,
    /// Grouped failures.
    pub failures: FailureView,
    /// Errors in the scenario itself at run time (a template that failed), grouped.
    pub exceptions: Vec<ExceptionRow>,
    /// The past, at bounded resolution.
    pub series: Series,
    /// Whether the load generator itself is the bottleneck.
    pub health: Health,
    /// Requests that were in flight when the run was cut, and are in no row.
    pub cut: u64,
    /// Whether published messages arrive, and how the Redis is; `None` in a run without Redis.
    pub redis: Option<Arc<RedisView>>,
    /// What the replies of GraphQL operations cost, by the index of their endpoint, where the server says so.
    pub costs: Vec<(u32, Costs)>,
    /// Changes of load, oldest first, at most [`MAX_EVENTS`].
    pub events: Arc<Vec<Event>>,
    /// Where in its load plan the run is.
    pub plan: PlanView,
    /// What `log` steps said.
    pub log: LogView,
}

impl Snapshot {
    /// True in a run whose subscribers measure what arrives; without, nothing is known of deliveries and losses.
    pub fn measures_delivery(&self) -> bool {
        self.endpoints.iter().any(|row| *row.method == *super::totals::DELIVER)
    }

    /// Each GraphQL operation: its row, what it asks for, and what it cost.
    pub fn operations(&self) -> impl Iterator<Item = (&Row, &Asked, Costs)> {
        self.run.operations.iter().filter_map(|(endpoint, asked)| {
            let costs = self.costs.iter().find(|(known, _)| known == endpoint);
            let costs = costs.map(|(_, costs)| *costs).unwrap_or_default();
            Some((self.endpoints.get(*endpoint as usize)?, asked, costs))
        })
    }
}

/// Redis in a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RedisView {
    /// What became of the messages of each row, with its type and name: `PUBLISH` rows count what was published,
    /// `DELIVER` rows what came, `SUBSCRIBE` rows the connections that broke.
    pub rows: Vec<(Arc<str>, Arc<str>, Tally)>,
    /// All rows together.
    pub total: Tally,
    /// The server's own figures, from the first look on.
    pub server: Option<ServerFigures>,
}

/// Most [`Event`]s kept in a snapshot.
pub const MAX_EVENTS: usize = 1_000;

/// What is fixed at the start of a run.
#[derive(Debug, Clone)]
pub struct RunInfo {
    /// Name of the scenario.
    pub scenario: Arc<str>,
    /// Base URL.
    pub host: Arc<str>,
    /// Wall clock at the start.
    pub started: SystemTime,
    /// Planned length.
    pub run_time: Option<Duration>,
    /// Names of the user classes, in the plan's order.
    pub classes: Vec<Arc<str>>,
    /// Seed of the random generators.
    pub seed: u64,
    /// What GraphQL operations ask for, by the index of their endpoint.
    pub operations: Vec<(u32, Asked)>,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// The number of users moves towards its target.
    Ramping,
    /// As many users as wanted.
    Running,
    /// New iterations are held.
    Paused,
    /// No new iterations; waiting for those that run.
    Stopping,
    /// Over. The last snapshot of a run has this state and all of its requests.
    Done(End),
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The planned run time is over.
    Completed,
    /// Someone asked for it.
    Stopped,
    /// The engine could not go on (a shard died).
    Broken,
}

impl RunState {
    /// The word shown: `RAMPING`, `RUNNING`, `PAUSED`, `STOPPING`, `DONE`.
    pub fn word(&self) -> &'static str {
        match self {
            RunState::Ramping => "RAMPING",
            RunState::Running => "RUNNING",
            RunState::Paused => "PAUSED",
            RunState::Stopping => "STOPPING",
            RunState::Done(_) => "DONE",
        }
    }

    /// True once nothing will change any more.
    pub fn is_done(&self) -> bool {
        matches!(self, RunState::Done(_))
    }
}

/// The load as it is and as it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoadView {
    /// Users alive.
    pub users: u32,
    /// Users wanted.
    pub target: u32,
    /// Users started or retired per second.
    pub spawn_rate: f64,
    /// Requests on the wire.
    pub in_flight: u32,
    /// Integral of users alive over time so far, in user-hours (VU-hours).
    pub vu_hours: f64,
}

/// Where in its load plan a run is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanView {
    /// Name of the stage at hand, where the plan has stages.
    pub stage: Option<Arc<str>>,
    /// The load was changed by hand, and no longer follows the plan.
    pub steered: bool,
    /// What is measured now does not count.
    pub warm_up: bool,
    /// Requests of the warm-up: they are in no row.
    pub left_out: u64,
    /// Arrivals wanted per second now; only in an open model.
    pub rate: Option<f64>,
    /// What became of the arrivals; all 0 in a closed model.
    pub arrivals: Arrivals,
}

/// What became of the iterations that were due in an open model; their sum is how many were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrivals {
    /// Begun by a user.
    pub started: u64,
    /// Due while no user was free, and never begun.
    pub dropped: u64,
}

impl Arrivals {
    /// Adds up two counts.
    pub fn merge(&mut self, other: Arrivals) {
        self.started = self.started.saturating_add(other.started);
        self.dropped = self.dropped.saturating_add(other.dropped);
    }
}

/// Lines that `log` steps wrote.
#[derive(Debug, Clone, Default)]
pub struct LogView {
    /// The newest, oldest first, at most [`MAX_LOG`].
    pub lines: Arc<Vec<LogLine>>,
    /// How many there have been, those no longer in `lines` included.
    pub total: u64,
    /// Lines that came faster than can be read, and were not kept.
    pub dropped: u64,
}

/// Most lines of a log kept in a snapshot.
pub const MAX_LOG: usize = 500;

impl LogView {
    /// The lines after the first `seen` ones, as far as they are still there.
    pub fn since(&self, seen: u64) -> &[LogLine] {
        let new = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        &self.lines[self.lines.len().saturating_sub(new)..]
    }
}

/// What one `log` step said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Wall clock.
    pub at: SystemTime,
    /// `user.id` of who said it.
    pub user: u64,
    /// One line, cleaned and masked.
    pub text: Arc<str>,
}

/// One row of the statistics.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Request type; empty for the Aggregated row.
    pub method: Arc<str>,
    /// Name; `Aggregated` for all endpoints together.
    pub name: Arc<str>,
    /// Since the start, or the last reset.
    pub total: Figures,
    /// The last 10 s.
    pub now: Figures,
}

/// Counts, rates and times over one period.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Finished requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Requests per second.
    pub rps: f64,
    /// Failures per second.
    pub fps: f64,
    /// Bytes of reply bodies.
    pub bytes: u64,
    /// Response time: from the due time where there is one, else from the send.
    pub response: Latency,
    /// Service time (from the real send), only where requests have due times and it can differ.
    pub service: Option<Latency>,
    /// Time to connect, over the requests that opened a connection.
    pub connect: Mean,
    /// Time to the first byte of the reply.
    pub first_byte: Mean,
}

impl Figures {
    /// Failures over requests, 0 without requests.
    pub fn fail_ratio(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.failures as f64 / self.requests as f64 }
    }
}

/// Mean of a time that is not kept as a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Mean {
    /// How many were measured.
    pub count: u64,
    /// Their mean.
    pub mean: Duration,
}

/// A merged latency histogram, read off.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latency {
    /// How many times were measured.
    pub count: u64,
    /// Exact mean.
    pub mean: Duration,
    /// Exact minimum.
    pub min: Duration,
    /// Exact maximum.
    pub max: Duration,
    /// In the order of [`PERCENTILES`], clamped into `min..=max`.
    pub percentiles: [Duration; 11],
}

impl Latency {
    /// A percentile of [`PERCENTILES`], such as 95.0.
    ///
    /// # Panics
    /// When it is not in that list: a mistake of the caller.
    pub fn p(&self, percentile: f64) -> Duration {
        let index = PERCENTILES.iter().position(|p| *p == percentile).expect("a kept percentile");
        self.percentiles[index]
    }

    /// The median.
    pub fn median(&self) -> Duration {
        self.percentiles[0]
    }
}

/// One bar of the histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower bound; the upper bound is the next bin's lower bound.
    pub from: Duration,
    /// Requests inside.
    pub count: u64,
}

/// Failures, grouped by endpoint and reason.
#[derive(Debug, Clone, Default)]
pub struct FailureView {
    /// Most frequent first, bounded.
    pub rows: Vec<FailureRow>,
    /// Kinds that found no room in `rows`.
    pub more_kinds: u64,
    /// Failures of those kinds.
    pub more_count: u64,
}

/// One group of failures.
#[derive(Debug, Clone)]
pub struct FailureRow {
    /// Request type.
    pub method: Arc<str>,
    /// Name of the endpoint.
    pub name: Arc<str>,
    /// The reason in words.
    pub reason: Arc<str>,
    /// How many.
    pub count: u64,
    /// Wall clock of the first.
    pub first: SystemTime,
    /// Wall clock of the latest.
    pub last: SystemTime,
    /// One kept reply.
    pub example: Option<Arc<Example>>,
}

/// One group of errors in user code (for a scenario: templates).
#[derive(Debug, Clone)]
pub struct ExceptionRow {
    /// How many.
    pub count: u64,
    /// What went wrong.
    pub message: Arc<str>,
    /// Where in the scenario: class, task, step.
    pub place: Arc<str>,
}

/// The past of the whole run: fine and recent, coarse and old. Buckets are in order of time, `coarse` before `medium`
/// before `fine`, without overlap.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// 60 s each.
    pub coarse: Arc<Vec<Bucket>>,
    /// 10 s each.
    pub medium: Arc<Vec<Bucket>>,
    /// 1 s each, for the last 15 minutes.
    pub fine: Arc<Vec<Bucket>>,
}

impl Series {
    /// All buckets, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Bucket> {
        self.coarse.iter().chain(self.medium.iter()).chain(self.fine.iter())
    }
}

/// What happened between two moments of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Run time at its start.
    pub from: Duration,
    /// Its length.
    pub length: Duration,
    /// Wall clock at its end.
    pub at: SystemTime,
    /// Users at its end.
    pub users: u32,
    /// Requests finished in it.
    pub requests: u64,
    /// Failures in it.
    pub failures: u64,
    /// Median response time in it; `None` without requests.
    pub p50: Option<Duration>,
    /// 95th percentile of the response time in it.
    pub p95: Option<Duration>,
    /// 99th percentile of the response time in it.
    pub p99: Option<Duration>,
    /// The whole run as it stood at its end.
    pub so_far: SoFar,
}

/// Totals of the run at one moment of the past: the `Total …` columns of Locust's history file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SoFar {
    /// Requests.
    pub requests: u64,
    /// Failures.
    pub failures: u64,
    /// Bytes of reply bodies.
    pub bytes: u64,
    /// Requests per second over the last 10 s.
    pub rps: f64,
    /// Failures per second over the last 10 s.
    pub fps: f64,
    /// Response times.
    pub response: Latency,
}

/// Is the load generator itself the bottleneck?
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The worst of all signals.
    pub level: Level,
    /// What is wrong, in words, when not green.
    pub why: Option<Arc<str>>,
    /// CPU of this process, 1.0 being every core it may use.
    pub cpu: f64,
    /// Who keeps this process from its processor cores.
    pub cores: Cores,
    /// 99th percentile of the lag of a 10 ms timer on the shards, last 10 s.
    pub timer_lag: Duration,
    /// 99th percentile of real send minus due time, last 10 s, where there are due times.
    pub schedule_delay: Option<Duration>,
    /// Open files and their limit.
    pub open_files: Option<(u64, u64)>,
}

/// Shares of the last ten seconds that say who has the processor cores; zero where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cores {
    /// Time on a core, of the busiest thread.
    pub busiest: f64,
    /// Time ready to run but without a core, of the thread that waited most.
    pub waiting: f64,
    /// Part of the machine's CPU that its host gave to others.
    pub steal: f64,
    /// Time for which a limit of the control group held this process.
    pub held: f64,
}

/// A traffic light that also has words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Trust the numbers.
    #[default]
    Green,
    /// Look.
    Amber,
    /// The numbers are about us, not about the server.
    Red,
}

/// A change of load, drawn on the charts.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Run time.
    pub elapsed: Duration,
    /// Wall clock.
    pub at: SystemTime,
    /// What changed, in words: `users 120 → 150`.
    pub text: Arc<str>,
}
