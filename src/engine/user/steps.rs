//! Executes step lists.
//!
//! A list without nested steps has no overhead beyond its requests: only nested steps box a future, and only steps
//! without I/O count towards yielding to other users. A retired user continues its current list at the same pace (waits
//! keep their length), so that reducing the number of users never increases the request rate. The list ends before
//! another pass of a loop, or after a wait that does not fit into the stop time-out; it is then counted as unfinished.
//! `on_stop` always runs to its end.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use minijinja::Value;
use tokio::time::Instant;

use super::context::StepContext;
use super::record::record;
use super::{Section, User};
use crate::engine::trace::UserEvent;
use crate::protocol::result::{StepOutcome, StepResult};
use crate::scenario::eval::template::{Condition, RenderError, SlotId, Template, Text};
use crate::scenario::plan::{Action, Pause, Step, StopScope};

/// Number of steps without I/O that a user executes before it yields. A costly template takes milliseconds.
const UNBROKEN: u32 = 8;

/// Maximum length of an error message of a step, in characters.
const MESSAGE: usize = 500;

type Boxed<'a> = Pin<Box<dyn Future<Output = ControlFlow<StopScope>> + 'a>>;

impl User {
    /// Runs the steps; breaks if a `stop` ends more than the list.
    pub(super) async fn run(&mut self, steps: &[Step]) -> ControlFlow<StopScope> {
        for step in steps {
            if self.ends {
                return self.end_early();
            }
            if let Some(condition) = &step.when
                && !self.condition_is_true(condition, "when").await
            {
                self.trace_skipped(&step.action);
                continue;
            }
            match &step.action {
                Action::Set(pairs) => self.set(pairs, "set").await,
                Action::Wait(pause) => self.pause(pause).await,
                Action::Log(text) => self.log(text).await,
                Action::Stop(scope) => {
                    self.trace(UserEvent::Stop(*scope));
                    if *scope == StopScope::Run {
                        self.shard.request_stop();
                    }
                    return ControlFlow::Break(*scope);
                }
                nested @ (Action::Repeat { .. }
                | Action::ForEach { .. }
                | Action::While { .. }
                | Action::If { .. }
                | Action::Call { .. }) => self.nested(nested).await?,
                action => {
                    let mut result = StepResult::new(action.endpoint(), self.late(), self.shard.observer.is_some());
                    let context = StepContext::new(&self.shard, &self.signal, self.section == Section::OnStop);
                    self.sessions.execute(action, &mut self.scope, &context, &mut result).await;
                    self.held += context.held_for();
                    self.ends |= context.leaves();
                    drop(context);
                    // A failed step does not end the list.
                    match result.outcome {
                        StepOutcome::Unsent(error) => self.unsent(action, &error).await,
                        StepOutcome::Passed | StepOutcome::Failed(_) => record(&self.shard, result),
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Executes steps that contain other steps. Boxed, because it is recursive.
    fn nested<'a>(&'a mut self, action: &'a Action) -> Boxed<'a> {
        Box::pin(async move {
            match action {
                Action::Repeat { count, index, steps } => {
                    let count = match count.iterations(&mut self.scope) {
                        Ok(count) => count,
                        Err(error) => return self.skipped("repeat", &error).await,
                    };
                    for pass in 0..count {
                        if pass > 0 && !self.may_continue().await {
                            return self.end_early();
                        }
                        self.trace(UserEvent::Pass { word: "repeat", number: pass + 1, of: Some(count) });
                        if let Some(slot) = index {
                            self.scope.set(*slot, Value::from(pass));
                        }
                        self.run(steps).await?;
                    }
                }
                Action::ForEach { list, item, steps } => {
                    let items = match list.items(&mut self.scope) {
                        Ok(items) => items,
                        Err(error) => return self.skipped("for_each", &error).await,
                    };
                    for (value, number) in items.into_iter().zip(1..) {
                        if number > 1 && !self.may_continue().await {
                            return self.end_early();
                        }
                        self.trace(UserEvent::Pass { word: "for_each", number, of: None });
                        self.trace(UserEvent::Set(self.scope.table().name(*item), &value));
                        self.scope.set(*item, value);
                        self.run(steps).await?;
                    }
                }
                Action::While { condition, limit, steps } => {
                    let (mut passes, mut is_last) = (0, false);
                    while self.condition_is_true(condition, "while").await {
                        if passes >= *limit {
                            self.failed("while", &format!("the condition was still true after {limit} passes")).await;
                            break;
                        }
                        if is_last {
                            return self.end_early();
                        }
                        passes += 1;
                        self.trace(UserEvent::Pass { word: "while", number: passes, of: None });
                        self.run(steps).await?;
                        is_last = !self.may_continue().await;
                    }
                }
                Action::If { condition, then, otherwise } => {
                    let list = match condition.is_true(&mut self.scope) {
                        Ok(true) => then,
                        Ok(false) => otherwise,
                        Err(error) => return self.skipped("if", &error).await,
                    };
                    self.trace(UserEvent::Chosen { then: std::ptr::eq(list, then) });
                    self.run(list).await?;
                    self.yield_if_busy().await;
                }
                Action::Call { flow, with } => {
                    let shard = std::rc::Rc::clone(&self.shard);
                    if let Some(flow) = shard.plan.flows.get(flow.0 as usize) {
                        self.trace(UserEvent::Call(&flow.name));
                        self.set(with, "call").await;
                        self.run(&flow.steps).await?;
                    }
                }
                // Other steps are handled by `run`.
                _ => {}
            }
            ControlFlow::Continue(())
        })
    }

    async fn set(&mut self, pairs: &[(SlotId, Template)], word: &str) {
        for (slot, template) in pairs {
            match template.materialize(&mut self.scope) {
                Ok(value) => {
                    self.trace(UserEvent::Set(self.scope.table().name(*slot), &value));
                    self.scope.set(*slot, value);
                }
                Err(error) => {
                    let place = format!("{word} {}", self.scope.table().name(*slot));
                    return self.failed(&place, &error.0).await;
                }
            }
        }
        self.yield_if_busy().await;
    }

    async fn pause(&mut self, pause: &Pause) {
        let length = match pause.draw(&mut self.scope) {
            Ok(length) => self.shortened(length),
            Err(error) => return self.failed("wait", &error.0).await,
        };
        let now = Instant::now();
        match now.checked_add(length) {
            Some(until) if until > now => self.wait_inside(until).await,
            // Zero, or longer than the clock can represent.
            _ => self.yield_if_busy().await,
        }
    }

    async fn log(&mut self, text: &Text) {
        let mut line = String::new();
        match text.render(&mut self.scope, &mut line) {
            Ok(()) => {
                let plan = &self.shard.plan;
                let line = plan.secrets.mask(&line);
                self.trace(UserEvent::Log(&line));
                self.shard.recorder.borrow_mut().log(self.scope.user_id, &line);
                self.yield_if_busy().await;
            }
            Err(error) => self.failed("log", &error.0).await,
        }
    }

    async fn condition_is_true(&mut self, condition: &Condition, word: &str) -> bool {
        match condition.is_true(&mut self.scope) {
            Ok(is_true) => {
                self.yield_if_busy().await;
                is_true
            }
            Err(error) => {
                self.failed(word, &error.0).await;
                false
            }
        }
    }

    /// Called between two passes of a loop: yields, and waits while the run is paused. Returns false if the user is
    /// retired.
    async fn may_continue(&mut self) -> bool {
        self.yield_if_busy().await;
        self.held += self.wait_while_paused().await;
        !self.is_retiring()
    }

    /// Delay of the current iteration, if it had a due time.
    fn late(&self) -> Option<Duration> {
        self.late.filter(|_| matches!(self.section, Section::Task(_)))
    }

    /// Ends the list, and all enclosing lists, before the last step.
    fn end_early(&mut self) -> ControlFlow<StopScope> {
        self.shard.unfinished.set(self.shard.unfinished.get() + 1);
        ControlFlow::Break(StopScope::Task)
    }

    /// Yields from time to time: steps that never wait would block the thread.
    async fn yield_if_busy(&mut self) {
        self.unbroken += 1;
        if self.unbroken >= UNBROKEN {
            self.unbroken = 0;
            tokio::task::yield_now().await;
        }
    }

    async fn skipped(&mut self, word: &str, error: &RenderError) -> ControlFlow<StopScope> {
        self.failed(word, &error.0).await;
        ControlFlow::Continue(())
    }

    /// Records a step whose templates could not be rendered.
    async fn unsent(&mut self, action: &Action, error: &RenderError) {
        let row = action.endpoint().and_then(|row| self.shard.plan.endpoints.get(row.0 as usize));
        match row.map(|row| format!("{} {}", row.kind, row.name)) {
            Some(place) => self.failed_at(&place, &error.0).await,
            None => self.failed(action.key(), &error.0).await,
        }
    }

    /// Records a step that failed without a request.
    pub(super) async fn failed(&mut self, word: &str, message: &str) {
        let class = &self.shard.plan.classes[self.who.class];
        let section = match self.section {
            Section::OnStart => "on_start",
            Section::Task(index) => &class.tasks[index].name,
            Section::OnStop => "on_stop",
        };
        let place = format!("{}, {section}, {word}", class.name);
        self.failed_at(&place, message).await;
    }

    /// Like `failed`, for a custom place.
    async fn failed_at(&mut self, place: &str, message: &str) {
        let secrets = &self.shard.plan.secrets;
        let (message, place) = (secrets.clip(message, MESSAGE), secrets.mask(place));
        self.trace(UserEvent::Exception { place: &place, message: &message });
        self.shard.recorder.borrow_mut().exception(&(*place).into(), &message);
        // A scenario that fails without requests must not loop at full speed.
        self.unbroken = 0;
        tokio::task::yield_now().await;
    }
}
