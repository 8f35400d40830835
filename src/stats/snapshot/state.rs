//! The state of a run: what it is doing, where in its plan it is, and whether the generator keeps up.

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
    /// No iterations begin.
    Paused,
    /// No iterations begin; those that run are finished or aborted.
    Stopping,
    /// Over. The last snapshot of a run has this state and all of its requests.
    Done(End),
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The planned run time is over.
    Completed,
    /// By a command, a signal or a step.
    Stopped,
    /// A threshold with `abort` failed.
    Threshold,
    /// Its budget of VU-hours is used up.
    Budget,
    /// The engine could not continue (a shard died).
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

    /// True at the end, when nothing changes any more.
    pub fn is_done(&self) -> bool {
        matches!(self, RunState::Done(_))
    }
}

/// The present load, and the load that is wanted.
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
    /// Name of the current stage, where the plan has stages.
    pub stage: Option<Arc<str>>,
    /// Its index.
    pub stage_index: Option<usize>,
    /// The load was changed by a command, and no longer follows the plan.
    pub steered: bool,
    /// Requests are not counted at the moment.
    pub warm_up: bool,
    /// Requests of the warm-up: they are in no row.
    pub left_out: u64,
    /// Arrivals wanted per second now; only in an open model.
    pub rate: Option<f64>,
    /// The arrivals by outcome; all 0 in a closed model.
    pub arrivals: Arrivals,
    /// Lists of steps (tasks, `on_start`, `on_stop`) that ended before their last step, because their users had to leave.
    pub unfinished: u64,
}

/// The iterations that were due in an open model, by outcome.
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
    /// The reason in words, unless green.
    pub why: Option<Arc<str>>,
    /// CPU of this process, 1.0 being every core it may use.
    pub cpu: f64,
    /// What keeps this process from its processor cores.
    pub cores: Cores,
    /// 99th percentile of the lag of a 10 ms timer on the shards, last 10 s.
    pub timer_lag: Duration,
    /// 99th percentile of real send minus due time, last 10 s, where there are due times.
    pub schedule_delay: Option<Duration>,
    /// Blocked load threads.
    pub blocked: Blocked,
    /// Longest time for which messages arrived faster than this process read them, last 10 s.
    pub backlog: Duration,
    /// Open files and their limit.
    pub open_files: Option<(u64, u64)>,
    /// For how long this process has been the bottleneck since the statistics were reset, by the seconds of a run: those
    /// whose own signals were red. A level that is shown lasts longer.
    #[serde(default)]
    pub red: Duration,
    /// What was wrong in the latest of these seconds.
    #[serde(default)]
    pub red_why: Option<Arc<str>>,
}

/// For how long load threads were blocked: nothing was sent, received or timed during that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Blocked {
    /// Of the threads that are blocked now, the longest time so far; a few milliseconds are normal.
    pub now: Duration,
    /// The longest time of the last 10 s, that of a thread which is blocked now included.
    pub recent: Duration,
    /// Times of [`BLOCKED`](crate::stats::health::BLOCKED) or longer since the statistics were reset; without those of
    /// threads that are blocked now.
    pub count: u64,
    /// The longest of these.
    pub longest: Duration,
}

/// Who had the processor cores in the last ten seconds, as shares of time; zero where the system does not report it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cores {
    /// Time on a core, of the busiest thread.
    pub busiest: f64,
    /// Time ready to run but without a core, of the thread that waited most.
    pub waiting: f64,
    /// Share of the machine's CPU that its host gave to others.
    pub steal: f64,
    /// Time for which a limit of the control group held this process.
    pub held: f64,
}

/// How far the figures of a run can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Level {
    /// They can be trusted.
    #[default]
    Green,
    /// They may be distorted.
    Amber,
    /// They show the generator rather than the server.
    Red,
}
