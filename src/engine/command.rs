//! The only way to give orders to a run.

use crate::units::{PerSecond, Users};

/// An order to a run. Every one is accepted at any moment, also while ramping; after the end they do nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// New target; reached at the spawn rate, upwards and downwards. In a shaped run it takes over from the shape; in an
    /// open one it is the most users at once.
    SetUsers(Users),
    /// Users started or retired per second from now on; in a shaped run it takes over from the shape. In an open run it
    /// is the arrivals per second that the stage at hand goes to, and scales all of the plan.
    SetSpawnRate(PerSecond),
    /// Gives control back to the plan.
    FollowPlan,
    /// Hold new iterations; requests in flight finish. Paused time is not run time.
    Pause,
    /// Go on.
    Resume,
    /// Let running tasks finish for the stop time-out, then cut. A second stop cuts at once.
    Stop,
    /// Forget all statistics so far, on every shard, and go on.
    ResetStatistics,
}
