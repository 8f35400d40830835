//! Commands to a run in progress.

use crate::units::{PerSecond, Users};

/// A command to a run. Accepted at any time, including during the ramp; no effect after the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Sets the target number of users, reached at the spawn rate in both directions. In a run with stages it replaces
    /// them; in an open model it sets the maximum number of users.
    SetUsers(Users),
    /// Sets the number of users started or stopped per second. In a run with stages it replaces them. In an open model
    /// it sets the target arrival rate of the current stage, and scales the whole plan accordingly.
    SetSpawnRate(PerSecond),
    /// Returns control to the plan.
    FollowPlan,
    /// Starts no new iterations; requests in flight finish. Paused time is not run time.
    Pause,
    /// Ends a pause.
    Resume,
    /// Stops the run: running tasks may finish within the stop time-out, then they are aborted. A second stop aborts
    /// them immediately.
    Stop,
    /// Resets all statistics; the run continues.
    ResetStatistics,
}
