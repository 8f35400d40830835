//! The immutable state of a run, shared by all readers: screen, headless output and reports.

mod bucket;
mod buckets;
mod empty;
mod figures;
mod judgement;
mod state;
mod timeseries;
mod trend;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub use self::bucket::{Bucket, Cumulative};
pub use self::buckets::Buckets;
pub use self::figures::{
    Bin, ExceptionRow, FailureRow, FailureView, Figures, Latency, Mean, PERCENTILE_LABELS, PERCENTILES, Row,
};
pub use self::judgement::{Judged, Judgement};
pub use self::state::{Arrivals, Blocked, Cores, End, Health, Level, LoadView, PlanView, PrefillView, RunState};
pub use self::timeseries::{Block, LogLine, LogView, MAX_EVENTS, MAX_LOG, RunEvent, Series};
pub use self::trend::Drift;
use super::by_row::Merge as _;
use super::chunks::Chunks;
use super::delivery::Tally;
use super::lookups::Lookups;
use super::operation::{Asked, Costs};
use super::remarks::Remarks;
use super::second::Second;
use super::server::ServerFigures;
use super::slowest::Slowest;
use crate::row_kind::RowKind;

/// Everything known about a run at one moment. To freeze the display, keep an old `Arc`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Sequence number, from 1.
    pub seq: u64,
    /// Wall clock.
    pub at: SystemTime,
    /// Constant data of the run.
    pub run: Arc<RunInfo>,
    /// Run time so far, pauses excluded.
    pub elapsed: Duration,
    /// Run time since the last reset of the statistics: the divisor of average rates.
    pub measured: Duration,
    /// Number of resets of the statistics, by hand or at the end of a warm-up.
    #[serde(default)]
    pub resets: u32,
    /// State of the run.
    pub state: RunState,
    /// Users and rates.
    pub load: LoadView,
    /// All endpoints together.
    pub total: Row,
    /// One row per endpoint, in the plan's order, including endpoints without requests.
    pub endpoints: Vec<Row>,
    /// Response times of all endpoints in logarithmic bins.
    pub distribution: Vec<Bin>,
    /// Failures by endpoint and reason.
    pub failures: FailureView,
    /// Errors in the scenario itself, such as failed templates.
    pub exceptions: Vec<ExceptionRow>,
    /// The history of the run, at limited resolution.
    pub series: Series,
    /// The latest closed seconds with their histograms, oldest first, at most [`RECENT`](super::second::RECENT).
    #[serde(skip)]
    pub seconds: Arc<Vec<Arc<Second>>>,
    /// Ten-second blocks for [`Self::drifts`].
    #[serde(skip)]
    pub blocks: Chunks<Block>,
    /// Drift of each figure; empty in the first ten minutes.
    #[serde(default)]
    pub drifts: Arc<Vec<Drift>>,
    /// State of each threshold.
    #[serde(default)]
    pub judgements: Arc<Vec<Judgement>>,
    /// Whether the load generator is the bottleneck.
    pub health: Health,
    /// Requests aborted in flight; they are in no row.
    pub aborted: u64,
    /// Message counters and figures of the Redis server; `None` in a run without Redis.
    pub redis: Option<Arc<RedisView>>,
    /// Costs of GraphQL operations, by endpoint index, if the server reports them.
    pub costs: Vec<(u32, Costs)>,
    /// Irregularities of responses that are not failures, by endpoint index.
    pub remarks: Vec<(u32, Remarks)>,
    /// The slowest requests whose traces are known, by endpoint index; empty without trace headers.
    #[serde(default)]
    pub slowest: Vec<(u32, Slowest)>,
    /// Changes of load, oldest first, at most [`MAX_EVENTS`].
    pub events: Arc<Vec<RunEvent>>,
    /// Position in the load plan.
    pub plan: PlanView,
    /// Lines of `log` steps.
    pub log: LogView,
}

impl Snapshot {
    /// True if requests were sent and none finished: all were aborted or are in flight.
    pub fn was_never_answered(&self) -> bool {
        let waiting = self.aborted > 0 || self.load.in_flight > 0;
        waiting && self.total.total.requests == 0 && self.plan.left_out == 0
    }

    /// Why nothing was measured, in a run that is over and sent requests in its warm-up only.
    pub fn only_warm_up(&self) -> Option<&'static str> {
        let is_only = self.state.is_done() && self.plan.left_out > 0 && self.total.total.requests == 0;
        is_only.then_some(match self.plan.warm_up {
            true => "nothing measured: stopped in the warm-up",
            false => "nothing measured after the warm-up",
        })
    }

    /// True if subscribers measure delivery; otherwise deliveries and losses are unknown.
    pub fn measures_delivery(&self) -> bool {
        self.endpoints.iter().any(|row| row.kind.is_delivery())
    }

    /// Remarks on the responses of a row.
    pub fn remarks_of(&self, row: &Row) -> Remarks {
        let same = |index: u32| {
            self.endpoints.get(index as usize).is_some_and(|one| one.kind == row.kind && one.name == row.name)
        };
        self.remarks.iter().find(|(index, _)| same(*index)).map(|(_, remarks)| *remarks).unwrap_or_default()
    }

    /// Each GraphQL operation: row, document figures, and costs.
    pub fn operations(&self) -> impl Iterator<Item = (&Row, &Asked, Costs)> {
        self.run.operations.iter().filter_map(|(endpoint, asked)| {
            let costs = self.costs.iter().find(|(known, _)| known == endpoint);
            let costs = costs.map(|(_, costs)| *costs).unwrap_or_default();
            Some((self.endpoints.get(*endpoint as usize)?, asked, costs))
        })
    }
}

/// Redis figures in a snapshot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RedisView {
    /// Message counters of each row, with its kind and name: `PUBLISH` rows count published messages, `DELIVER` rows
    /// received ones, `SUBSCRIBE` rows broken connections.
    pub rows: Vec<(RowKind, Arc<str>, Tally)>,
    /// Sum of all rows.
    pub total: Tally,
    /// Keys that the commands of each row looked up.
    #[serde(default)]
    pub lookups: Vec<(RowKind, Arc<str>, Lookups)>,
    /// Figures of the server, from the first reading on.
    pub server: Option<ServerFigures>,
}

impl RedisView {
    /// Keys that all commands looked up.
    pub fn looked_up(&self) -> Lookups {
        self.lookups.iter().fold(Lookups::default(), |mut sum, (_, _, lookups)| {
            sum.merge(lookups);
            sum
        })
    }

    /// Keys that the commands of a row looked up.
    pub fn lookups_of(&self, row: &Row) -> Lookups {
        let mut rows = self.lookups.iter().filter(|(kind, name, _)| *kind == row.kind && *name == row.name);
        rows.next().map(|(.., lookups)| *lookups).unwrap_or_default()
    }

    /// Name of the server's product, such as `Valkey`; `Redis` until it is known.
    pub fn name(&self) -> &str {
        self.server.as_ref().map_or("Redis", ServerFigures::name)
    }
}

/// Constant data of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunInfo {
    /// Name of the scenario.
    pub scenario: Arc<str>,
    /// Base URL.
    pub host: Arc<str>,
    /// Wall clock at the start.
    pub started: SystemTime,
    /// Some TLS certificates are not verified: `tls.insecure`.
    pub is_insecure: bool,
    /// Planned run time.
    pub run_time: Option<Duration>,
    /// Names of the user classes, in the plan's order.
    pub classes: Vec<Arc<str>>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Document figures of GraphQL operations, by endpoint index.
    pub operations: Vec<(u32, Asked)>,
    /// Address of a trace, with `{trace_id}` in place of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_url: Option<Arc<str>>,
}
