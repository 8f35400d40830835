//! One user, once: `on_start`, each chosen task in the order of the file, `on_stop`; and what an observer is told.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::Duration;

use super::{Section, User};
use crate::engine::trace::{Event, LONGEST_WAIT};
use crate::protocol::http::Sight;
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::expect::{Expect, TEMPLATE_FAILED};
use crate::scenario::plan::{Action, Bind, EndpointId, HttpStep, StopScope};
use crate::stats::Reason;

impl User {
    /// Runs these tasks of its class, each once.
    pub async fn try_once(mut self, tasks: &[usize]) {
        let shard = std::rc::Rc::clone(&self.shard);
        let class = &shard.plan.classes[self.who.class];
        let mut way = self.take_rows(Bind::User).await;
        if way.is_continue() && !class.on_start.is_empty() {
            self.tell(Event::Section("on_start"));
            way = self.list(Section::OnStart, &class.on_start, None).await;
        }
        // As in a run, `stop: task` ends the list it is in.
        let ends = |way| matches!(way, ControlFlow::Break(StopScope::User | StopScope::Run));
        for index in tasks.iter().copied() {
            let Some(task) = class.tasks.get(index).filter(|_| !ends(way)) else { continue };
            self.section = Section::Task(index);
            self.tell(Event::Section(&task.name));
            way = self.take_rows(Bind::Iteration).await;
            if way.is_continue() {
                way = self.list(Section::Task(index), &task.steps, None).await;
            }
            self.scope.iteration += 1;
        }
        if !class.on_stop.is_empty() {
            self.tell(Event::Section("on_stop"));
            let _ = self.list(Section::OnStop, &class.on_stop, None).await;
        }
        if let Some(redis) = &mut self.redis {
            redis.finish().await;
        }
    }

    /// Tells the observer of a trial; does nothing in a run.
    #[inline]
    pub(super) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.shard.observer {
            observer.note(&event);
        }
    }

    /// Tells that a step is left out because its `when` does not hold.
    pub(super) fn tell_skipped(&self, action: &Action) {
        if self.shard.observer.is_none() {
            return;
        }
        let row = action.endpoint().and_then(|row| self.shard.plan.endpoints.get(row.0 as usize));
        let request = row.map(|row| format!("{} {}", row.method, row.name));
        self.tell(Event::Skipped(request.as_deref().unwrap_or(word(action))));
    }

    /// Tells that a request of this row begins.
    pub(super) fn tell_request(&self, row: EndpointId) {
        if self.shard.observer.is_some()
            && let Some(row) = self.shard.plan.endpoints.get(row.0 as usize)
        {
            self.tell(Event::Request(&format!("{} {}", row.method, row.name)));
        }
    }

    /// Tells how a reply was judged by rules other than those of HTTP.
    pub(super) fn tell_judged(&self, step: &HttpStep, exchange: &Exchange) {
        let Some(observer) = &self.shard.observer else { return };
        match &exchange.failure {
            Some((reason, example)) => {
                observer.see(&Sight::Failed(reason, example));
                if let Reason::Unmet(words) = reason {
                    let got = Some(example.detail.clone());
                    observer.see(&Sight::Expected { words: Cow::Borrowed(words), got });
                }
            }
            None => self.tell_held(&step.expects, &step.captures),
        }
    }

    /// Tells what held and what was captured of an answer that was right.
    pub(super) fn tell_held(&self, expects: &[Expect], captures: &[Capture]) {
        let Some(observer) = &self.shard.observer else { return };
        for expect in expects {
            observer.see(&Sight::Expected { words: Cow::Borrowed(&expect.words), got: None });
        }
        for capture in captures {
            observer.see(&Sight::Captured { name: &capture.name, value: self.scope.get(capture.slot) });
        }
    }

    /// Tells how an answer of Redis was judged: expectations (in words) up to the first that does not hold, then what
    /// was captured.
    pub(super) fn tell_answered(
        &self,
        expected: impl FnOnce() -> Vec<String>,
        captures: &[Capture],
        exchange: &Exchange,
    ) {
        let Some(observer) = &self.shard.observer else { return };
        let (unmet, missed) = match &exchange.failure {
            None => (None, ""),
            Some((Reason::Unmet(words), _)) => (Some(words.strip_suffix(TEMPLATE_FAILED).unwrap_or(words)), ""),
            Some((Reason::NotCaptured(_), example)) => (None, example.detail.as_str()),
            // What went wrong before there was an answer leaves nothing to judge.
            Some((reason, example)) => return observer.see(&Sight::Failed(reason, example)),
        };
        for words in expected().iter().take_while(|words| unmet.is_none_or(|unmet| *unmet != **words)) {
            observer.see(&Sight::Expected { words: Cow::Borrowed(words), got: None });
        }
        if let (Some(words), Some((_, example))) = (unmet, &exchange.failure) {
            let got = example.detail.rsplit_once("got ").map_or(&*example.detail, |(_, got)| got).to_owned();
            observer.see(&Sight::Expected { words: Cow::Borrowed(words), got: Some(got) });
        }
        // Each miss is a line of the detail, which begins with its words.
        let was_missed = |capture: &&Capture| missed.lines().any(|line| line.starts_with(&*capture.words));
        for capture in captures.iter().filter(|capture| !was_missed(capture)) {
            let value = self.scope.get(capture.slot);
            if !value.is_undefined() {
                observer.see(&Sight::Captured { name: &capture.name, value });
            }
        }
        if let Some((reason, example)) = &exchange.failure {
            observer.see(&Sight::Failed(reason, example));
        }
    }

    /// The wait as a trial keeps it: no longer than is worth watching.
    pub(super) fn shortened(&self, length: Duration) -> Duration {
        if self.shard.observer.is_none() {
            return length;
        }
        self.tell(Event::Wait(length));
        length.min(LONGEST_WAIT)
    }
}

/// The key of an action.
fn word(action: &Action) -> &'static str {
    match action {
        Action::Http(_) => "request",
        Action::Graphql(_) | Action::Subscription(_) => "graphql",
        Action::Publish(_) => "publish",
        Action::Subscribe(_) => "subscribe",
        Action::Unsubscribe(_) => "unsubscribe",
        Action::Redis(_) => "redis",
        Action::Set(_) => "set",
        Action::Wait(_) => "wait",
        Action::Log(_) => "log",
        Action::Repeat { .. } => "repeat",
        Action::ForEach { .. } => "for_each",
        Action::While { .. } => "while",
        Action::If { .. } => "if",
        Action::Call { .. } => "call",
        Action::Stop(_) => "stop",
    }
}
