//! Commands to a run in progress.

use crate::units::{PerSecond, Users};

/// A command to a run. Each is accepted at any time, also while ramping; after the end it has no effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// New target; reached at the spawn rate, upwards and downwards. In a shaped run it replaces the shape; in an
    /// open one it is the maximum of users at once.
    SetUsers(Users),
    /// Users started or retired per second from now on; in a shaped run it replaces the shape. In an open run it
    /// is the arrivals per second that the current stage goes to, and scales all of the plan.
    SetSpawnRate(PerSecond),
    /// Returns control to the plan.
    FollowPlan,
    /// Hold new iterations; requests in flight finish. Paused time is not run time.
    Pause,
    /// Resume after a pause.
    Resume,
    /// Let running tasks finish for the stop time-out, then abort them. A second stop aborts them at once.
    Stop,
    /// Reset all statistics, on every shard; the run continues.
    ResetStatistics,
}
