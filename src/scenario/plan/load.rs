//! How much load there is, who makes it, and what they do.

use std::sync::Arc;
use std::time::Duration;

use super::{Step, Wait};
use crate::units::{PerSecond, Users};

/// A summary of the planned load. With a shape or arrivals it has their peak and length;
/// [`Plan::schedule`](super::Plan::schedule) has the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Peak concurrent users.
    pub users: Users,
    /// Users started (and retired) per second.
    pub spawn_rate: PerSecond,
    /// Length of the run from its first user; `None` runs until stopped.
    pub run_time: Option<Duration>,
    /// How long running tasks may continue after a stop before they are aborted.
    pub stop_timeout: Duration,
}

/// A kind of user.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// Name as in `user_classes`, or `User` for a flat file.
    pub name: Arc<str>,
    /// Share of the users that have no fixed count.
    pub weight: u32,
    /// Exactly this many users of this class, assigned first; `weight` is then ignored.
    pub fixed_count: Option<u32>,
    /// When its users begin.
    pub start: Start,
    /// The pause after each task.
    pub wait: Wait,
    /// Tasks run in the order of the list, again and again, all as often but for those of weight 0, which are left
    /// out; each user begins with the first.
    pub sequential: bool,
    /// Run once before the first task.
    pub on_start: Vec<Step>,
    /// Run once when the user stops.
    pub on_stop: Vec<Step>,
    /// At least one task, weights summing to more than 0.
    pub tasks: Vec<Task>,
}

/// `start`: when the users of a class begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// With all others.
    #[default]
    WithOthers,
    /// All of them are up, and through with `on_start`, before a user of another class begins.
    BeforeOthers,
}

/// One thing a user does, chosen by weight.
#[derive(Debug, Clone)]
pub struct Task {
    /// Name as written, else `task 1`, `task 2`, ….
    pub name: Arc<str>,
    /// Relative frequency; a task of weight 0 is never run.
    pub weight: u32,
    /// Labels.
    pub tags: Vec<String>,
    /// Run in order.
    pub steps: Vec<Step>,
}
