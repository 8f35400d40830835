//! Runs a user once: `on_start`, each selected task in the order of the file, `on_stop`; and reports events to the
//! observer.

use std::ops::ControlFlow;
use std::time::Duration;

use super::{Section, User};
use crate::engine::trace::{LONGEST_WAIT, UserEvent};
use crate::scenario::plan::{Action, Bind, StopScope};

impl User {
    /// Runs each of these tasks of the class once.
    pub async fn try_once(mut self, tasks: &[usize]) {
        let shard = std::rc::Rc::clone(&self.shard);
        let class = &shard.plan.classes[self.who.class];
        let mut way = self.take_rows(Bind::User).await;
        if way.is_continue() && !class.on_start.is_empty() {
            self.trace(UserEvent::Section("on_start"));
            way = self.list(Section::OnStart, &class.on_start).await;
        }
        // As in a run, `stop: task` ends only its step list.
        let ends = |way| matches!(way, ControlFlow::Break(StopScope::User | StopScope::Run));
        for index in tasks.iter().copied() {
            let Some(task) = class.tasks.get(index).filter(|_| !ends(way)) else { continue };
            self.section = Section::Task(index);
            self.trace(UserEvent::Section(&task.name));
            way = self.take_rows(Bind::Iteration).await;
            if way.is_continue() {
                way = self.list(Section::Task(index), &task.steps).await;
            }
            self.scope.iteration += 1;
        }
        if !class.on_stop.is_empty() {
            self.trace(UserEvent::Section("on_stop"));
            let _ = self.list(Section::OnStop, &class.on_stop).await;
        }
        self.sessions.finish().await;
    }

    /// Sends an event to the observer of a trial; no effect in a run.
    #[inline]
    pub(super) fn trace(&self, event: UserEvent<'_>) {
        if let Some(observer) = &self.shard.observer {
            observer.observe(&event);
        }
    }

    /// Reports that a step was skipped because its `when` is false.
    pub(super) fn trace_skipped(&self, action: &Action) {
        if self.shard.observer.is_none() {
            return;
        }
        let row = action.endpoint().and_then(|row| self.shard.plan.endpoints.get(row.0 as usize));
        let request = row.map(|row| format!("{} {}", row.kind, row.name));
        self.trace(UserEvent::Skipped(request.as_deref().unwrap_or(action.key())));
    }

    /// Length of a wait; in a trial at most [`LONGEST_WAIT`](crate::engine::trace::LONGEST_WAIT).
    pub(super) fn shortened(&self, length: Duration) -> Duration {
        if self.shard.observer.is_none() {
            return length;
        }
        self.trace(UserEvent::Wait(length));
        length.min(LONGEST_WAIT)
    }
}
