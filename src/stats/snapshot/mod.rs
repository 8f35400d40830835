//! The immutable state of a run that every reader shares: screen, headless output, reports.

mod figures;
mod judgement;
mod state;
mod timeseries;
mod trend;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub use self::figures::{
    Bin, ExceptionRow, FailureRow, FailureView, Figures, Latency, Mean, PERCENTILE_LABELS, PERCENTILES, Row,
};
pub use self::judgement::{Judged, Judgement};
pub use self::state::{Arrivals, Blocked, Cores, End, Health, Level, LoadView, PlanView, RunState};
pub use self::timeseries::{Block, Bucket, Cumulative, LogLine, LogView, MAX_EVENTS, MAX_LOG, RunEvent, Series};
pub use self::trend::Drift;
use super::delivery::Tally;
use super::operation::{Asked, Costs};
use super::remarks::Remarks;
use super::second::Second;
use super::server::ServerFigures;
use crate::row_kind::RowKind;

/// Everything known about a run at one moment. Freezing the display is keeping an old `Arc`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Number of the snapshot, from 1.
    pub seq: u64,
    /// When it was taken.
    pub at: SystemTime,
    /// What does not change during the run.
    pub run: Arc<RunInfo>,
    /// Run time so far, pauses excluded.
    pub elapsed: Duration,
    /// Run time since the statistics were last reset: the divisor of the totals' rates.
    pub measured: Duration,
    /// How often the statistics were reset, by hand or at the end of a warm-up.
    #[serde(default)]
    pub resets: u32,
    /// What the run is doing.
    pub state: RunState,
    /// Users and rates.
    pub load: LoadView,
    /// All endpoints together.
    pub total: Row,
    /// One row per endpoint, in the plan's order; endpoints without requests too.
    pub endpoints: Vec<Row>,
    /// Response times of all endpoints in logarithmic bins, for the histogram.
    pub distribution: Vec<Bin>,
    /// Grouped failures.
    pub failures: FailureView,
    /// Errors of the scenario itself at run time (a template that failed), grouped.
    pub exceptions: Vec<ExceptionRow>,
    /// The history of the run, at bounded resolution.
    pub series: Series,
    /// The latest seconds of the run with their histograms, oldest first, at most [`RECENT`](super::second::RECENT).
    #[serde(skip)]
    pub seconds: Arc<Vec<Arc<Second>>>,
    /// Ten seconds each, for [`Self::drifts`].
    #[serde(skip)]
    pub blocks: Arc<Vec<Block>>,
    /// Figures that drift, or would have been seen to drift; empty in the first ten minutes.
    #[serde(default)]
    pub drifts: Arc<Vec<Drift>>,
    /// How each threshold stands.
    #[serde(default)]
    pub judgements: Arc<Vec<Judgement>>,
    /// Whether the load generator itself is the bottleneck.
    pub health: Health,
    /// Requests in flight that were aborted, and are in no row.
    pub aborted: u64,
    /// Whether published messages arrive, and the state of the Redis server; `None` in a run without Redis.
    pub redis: Option<Arc<RedisView>>,
    /// The costs of GraphQL operations, by the index of their endpoint, where the server reports them.
    pub costs: Vec<(u32, Costs)>,
    /// Irregularities of responses that are not failures, by the index of their endpoint.
    pub remarks: Vec<(u32, Remarks)>,
    /// Changes of load, oldest first, at most [`MAX_EVENTS`].
    pub events: Arc<Vec<RunEvent>>,
    /// Where in its load plan the run is.
    pub plan: PlanView,
    /// Lines of `log` steps.
    pub log: LogView,
}

impl Snapshot {
    /// True when requests were sent, and none has ended: they were aborted, or are still waiting.
    pub fn was_never_answered(&self) -> bool {
        let waiting = self.aborted > 0 || self.load.in_flight > 0;
        waiting && self.total.total.requests == 0 && self.plan.left_out == 0
    }

    /// True in a run whose subscribers measure what arrives; without them, nothing is known of deliveries and losses.
    pub fn measures_delivery(&self) -> bool {
        self.endpoints.iter().any(|row| row.kind.is_delivery())
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RedisView {
    /// The messages of each row, with its kind and name: `PUBLISH` rows count what was published, `DELIVER` rows what was
    /// received, `SUBSCRIBE` rows the connections that broke.
    pub rows: Vec<(RowKind, Arc<str>, Tally)>,
    /// All rows together.
    pub total: Tally,
    /// The server's own figures, from the first reading on.
    pub server: Option<ServerFigures>,
}

/// What is fixed at the start of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunInfo {
    /// Name of the scenario.
    pub scenario: Arc<str>,
    /// Base URL.
    pub host: Arc<str>,
    /// Wall clock at the start.
    pub started: SystemTime,
    /// Some certificates are not checked: `tls.insecure`.
    pub is_insecure: bool,
    /// Planned length.
    pub run_time: Option<Duration>,
    /// Names of the user classes, in the plan's order.
    pub classes: Vec<Arc<str>>,
    /// Seed of the random generators.
    pub seed: u64,
    /// What GraphQL operations ask for, by the index of their endpoint.
    pub operations: Vec<(u32, Asked)>,
}
