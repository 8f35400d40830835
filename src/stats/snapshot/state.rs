//! State of a run, position in its load plan, and health of the load generator.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units;

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Commands of the scenario are executed before the users start.
    Prefilling,
    /// The number of users is changing towards the target.
    Ramping,
    /// The number of users is at the target.
    Running,
    /// No new iterations start.
    Paused,
    /// No new iterations start; running ones finish or are aborted.
    Stopping,
    /// Finished. The last snapshot has this state and includes all requests.
    Done(End),
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// By a command, a signal or a step.
    Completed,
    /// By a command, a signal or a step.
    Stopped,
    /// A threshold with `abort` failed.
    Threshold,
    /// The VU-hour budget is used up.
    Budget,
    /// The engine could not continue: a shard crashed.
    Broken,
    /// The commands before the users failed, so no user started.
    NotPrefilled,
}

impl RunState {
    /// State in capital letters: `PREFILL`, `RAMPING`, `RUNNING`, `PAUSED`, `STOPPING`, `DONE`.
    pub fn word(&self) -> &'static str {
        match self {
            RunState::Prefilling => "PREFILL",
            RunState::Ramping => "RAMPING",
            RunState::Running => "RUNNING",
            RunState::Paused => "PAUSED",
            RunState::Stopping => "STOPPING",
            RunState::Done(_) => "DONE",
        }
    }

    /// True for the final state.
    pub fn is_done(&self) -> bool {
        matches!(self, RunState::Done(_))
    }
}

/// Current and target load.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadView {
    /// Most users alive at any time so far, warm-ups included.
    #[serde(default)]
    pub most_users: u32,
    /// Users alive.
    pub users: u32,
    /// Target number of users.
    pub target: u32,
    /// Users started or stopped per second.
    pub spawn_rate: f64,
    /// Requests in flight.
    pub in_flight: u32,
    /// Age of the oldest request in flight.
    pub oldest: Option<Duration>,
    /// Run time of the latest response; `None` before the first one.
    pub last_response: Option<Duration>,
    /// Requests that ended without a response since then.
    pub unanswered: u64,
    /// Integral of users over time so far, in user-hours (VU-hours).
    pub vu_hours: f64,
}

/// Position in the load plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanView {
    /// Name of the current stage; `None` without stages.
    pub stage: Option<Arc<str>>,
    /// Index of the current stage.
    pub stage_index: Option<usize>,
    /// The load was changed by a command and no longer follows the plan.
    pub steered: bool,
    /// Warm-up: requests are not counted.
    pub warm_up: bool,
    /// Commands before the users; `None` without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<PrefillView>,
    /// Requests of warm-ups, which are in no row.
    pub left_out: u64,
    /// Target arrivals per second; `None` in a closed model.
    pub rate: Option<f64>,
    /// Arrivals by outcome; all 0 in a closed model.
    pub arrivals: Arrivals,
    /// Step lists (tasks, `on_start`, `on_stop`) that ended before their last step because the user was stopped.
    pub unfinished: u64,
}

/// Progress of the commands that are executed before the users start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrefillView {
    /// Commands executed.
    pub done: u64,
    /// Commands of the plan.
    pub total: u64,
    /// Why the others were not executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<str>>,
}

impl fmt::Display for PrefillView {
    /// `45,000 of 100,000 (45 %)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = u128::from(self.done) * 100 / u128::from(self.total.max(1));
        write!(f, "{} of {} ({percent} %)", units::count(self.done), units::count(self.total))
    }
}

/// Iterations due in an open model, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arrivals {
    /// Started by a user.
    pub started: u64,
    /// Dropped: no user was free when they were due.
    pub dropped: u64,
}

impl Arrivals {
    /// Adds another count.
    pub fn merge(&mut self, other: Arrivals) {
        self.started = self.started.saturating_add(other.started);
        self.dropped = self.dropped.saturating_add(other.dropped);
    }
}

/// Whether the load generator itself is the bottleneck.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Health {
    /// Nothing is known of it: the file that had it is lost.
    #[serde(default)]
    pub is_unknown: bool,
    /// Level of the worst signal.
    pub level: Level,
    /// Reason; `None` if green.
    pub why: Option<Arc<str>>,
    /// CPU usage of this process; 1.0 is all cores it may use.
    pub cpu: f64,
    /// CPU availability.
    pub cores: Cores,
    /// 99th percentile of the lag of a 10 ms timer on the shards, over the last 10 s.
    pub timer_lag: Duration,
    /// 99th percentile of real send minus due time, over the last 10 s; `None` without due times.
    pub schedule_delay: Option<Duration>,
    /// Blocked load threads.
    pub blocked: Blocked,
    /// Longest time in the last 10 s for which messages arrived faster than this process read them.
    pub backlog: Duration,
    /// Open files and their limit.
    pub open_files: Option<(u64, u64)>,
    /// Time for which this process was the bottleneck since the last reset: the number of seconds whose own signals
    /// were red. The displayed level stays red longer.
    #[serde(default)]
    pub red: Duration,
    /// Reason of the latest of these seconds.
    #[serde(default)]
    pub red_why: Option<Arc<str>>,
}

/// Times for which load threads were blocked. Nothing is sent, received or measured during these times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Blocked {
    /// Longest time so far of the threads blocked now; a few milliseconds are normal.
    pub now: Duration,
    /// Longest time in the last 10 s, including threads blocked now.
    pub recent: Duration,
    /// Number of times of at least [`BLOCKED`](crate::stats::health::BLOCKED) since the last reset, not including
    /// threads blocked now.
    pub count: u64,
    /// The longest of these times.
    pub longest: Duration,
}

/// CPU availability over the last ten seconds, as ratios of time; zero if the system does not report it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cores {
    /// Time on a core, for the busiest thread.
    pub busiest: f64,
    /// Time ready to run but without a core, for the thread that waited most.
    pub waiting: f64,
    /// Ratio of the machine's CPU that its host gave to other machines.
    pub steal: f64,
    /// Time for which a control group limit throttled this process.
    pub held: f64,
}

/// How reliable the figures of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Level {
    /// Reliable.
    #[default]
    Green,
    /// May be distorted.
    Amber,
    /// They describe the load generator rather than the server.
    Red,
}
