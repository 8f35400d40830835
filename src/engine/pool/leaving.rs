//! Retired users that have not ended yet.

use std::collections::{HashMap, VecDeque};

use tokio::task::{AbortHandle, Id};
use tokio::time::Instant;

/// Users that are finishing their task, and are aborted at a deadline.
#[derive(Default)]
pub struct Leaving {
    tasks: HashMap<Id, AbortHandle>,
    /// Deadlines, earliest first; some of these users may have ended already.
    deadlines: VecDeque<(Instant, Id)>,
}

impl Leaving {
    /// Adds a user that is aborted at `by`. The stop time-out is the same for all, so deadlines are in order.
    pub fn add(&mut self, task: AbortHandle, by: Instant) {
        self.deadlines.push_back((by, task.id()));
        self.tasks.insert(task.id(), task);
    }

    /// Removes a user that has ended; false if it was not leaving.
    pub fn ended(&mut self, id: Id) -> bool {
        self.tasks.remove(&id).is_some()
    }

    /// Aborts users past their deadline.
    pub fn abort_overdue(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.deadlines.pop_front_if(|(by, _)| now >= *by) {
            if let Some(task) = self.tasks.get(&id) {
                task.abort();
            }
        }
    }

    /// Aborts all users.
    pub fn abort(&self) {
        self.tasks.values().for_each(AbortHandle::abort);
    }

    /// Number of leaving users.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// True if no users are left.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}
