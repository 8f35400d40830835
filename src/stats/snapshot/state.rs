//! How the run stands: what it is doing, where in its plan, and how the generator bears it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadView {
    /// Users alive.
    pub users: u32,
    /// Users wanted.
    pub target: u32,
    /// Users started or retired per second.
    pub spawn_rate: f64,
    /// Requests on the wire.
    pub in_flight: u32,
    /// For how long the oldest of them has waited for its response.
    pub oldest: Option<Duration>,
    /// Run time of the last response; `None` before the first one.
    pub last_response: Option<Duration>,
    /// Requests that have ended without a response since then.
    pub unanswered: u64,
    /// Integral of users alive over time so far, in user-hours (VU-hours).
    pub vu_hours: f64,
}

/// Where in its load plan a run is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanView {
    /// Name of the stage at hand, where the plan has stages.
    pub stage: Option<Arc<str>>,
    /// Its index.
    pub stage_index: Option<usize>,
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
    /// Lists of steps (tasks, `on_start`, `on_stop`) that ended before their last step, because their users had to leave.
    pub unfinished: u64,
}

/// What became of the iterations that were due in an open model; their sum is how many were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// Is the load generator itself the bottleneck?
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// Load threads that stood still.
    pub blocked: Blocked,
    /// Longest time that messages came faster than this process read them, last 10 s.
    pub backlog: Duration,
    /// Open files and their limit.
    pub open_files: Option<(u64, u64)>,
}

/// How long load threads stood still: nothing was sent, received or timed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Blocked {
    /// Of the threads that have not come back, the longest time so far; a few milliseconds are ordinary.
    pub now: Duration,
    /// The longest time of the last 10 s, that of a thread which has not come back included.
    pub recent: Duration,
    /// Times of [`BLOCKED`](crate::stats::health::BLOCKED) or longer since the statistics were reset; without those of
    /// threads that have not come back.
    pub count: u64,
    /// The longest of these.
    pub longest: Duration,
}

/// Shares of the last ten seconds that say who has the processor cores; zero where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Level {
    /// Trust the numbers.
    #[default]
    Green,
    /// Look.
    Amber,
    /// The numbers are about us, not about the server.
    Red,
}
