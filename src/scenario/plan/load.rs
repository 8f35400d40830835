//! Load, user classes and tasks.

use std::sync::Arc;
use std::time::Duration;

use super::{Step, Wait};
use crate::units::{PerSecond, Users};

/// Summary of the planned load. With stages or arrivals it has the peak and the length;
/// [`Plan::schedule`](super::Plan::schedule) has the details.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Peak number of users.
    pub users: Users,
    /// Users started or stopped per second.
    pub spawn_rate: PerSecond,
    /// Run time from the first user on; `None` runs until stopped.
    pub run_time: Option<Duration>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Duration,
}

/// A user class.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// Name in `user_classes`, or `User` without classes.
    pub name: Arc<str>,
    /// Relative number of users, among classes without a fixed count.
    pub weight: u32,
    /// Fixed number of users, assigned first; overrides `weight`.
    pub fixed_count: Option<u32>,
    /// Start order of its users.
    pub start: Start,
    /// Wait after each task.
    pub wait: Wait,
    /// Run the tasks in order, repeatedly, except those with weight 0.
    pub sequential: bool,
    /// Run once before the first task.
    pub on_start: Vec<Step>,
    /// Run once when the user stops.
    pub on_stop: Vec<Step>,
    /// At least one task; the sum of the weights is above 0.
    pub tasks: Vec<Task>,
}

/// `start`: start order of the users of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// Together with the others.
    #[default]
    WithOthers,
    /// All have finished `on_start` before users of other classes start.
    BeforeOthers,
}

/// A task, chosen by weight.
#[derive(Debug, Clone)]
pub struct Task {
    /// Name as written, or `task 1`, `task 2`, ….
    pub name: Arc<str>,
    /// Relative frequency; a task with weight 0 never runs.
    pub weight: u32,
    /// Labels.
    pub tags: Vec<String>,
    /// Run in order.
    pub steps: Vec<Step>,
}
