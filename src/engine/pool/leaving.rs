//! Users that were retired, until they have ended.

use std::collections::{HashMap, VecDeque};

use tokio::task::{AbortHandle, Id};
use tokio::time::Instant;

/// Users that finish their task at hand, and are aborted if that takes too long.
#[derive(Default)]
pub struct Leaving {
    tasks: HashMap<Id, AbortHandle>,
    /// When they are aborted, the earliest first; some of them may have ended already.
    deadlines: VecDeque<(Instant, Id)>,
}

impl Leaving {
    /// A user that is aborted at `by`. The stop time-out is the same for all, so deadlines come in order.
    pub fn add(&mut self, task: AbortHandle, by: Instant) {
        self.deadlines.push_back((by, task.id()));
        self.tasks.insert(task.id(), task);
    }

    /// A user has ended; false when it was not leaving.
    pub fn ended(&mut self, id: Id) -> bool {
        self.tasks.remove(&id).is_some()
    }

    /// Aborts users whose time is over.
    pub fn abort_overdue(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.deadlines.pop_front_if(|(by, _)| now >= *by) {
            if let Some(task) = self.tasks.get(&id) {
                task.abort();
            }
        }
    }

    /// Aborts all of them.
    pub fn abort(&self) {
        self.tasks.values().for_each(AbortHandle::abort);
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// True when all have ended.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}
