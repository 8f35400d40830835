//! One simulated user: `on_start`, then tasks and waits until it is retired, then `on_stop`.
//!
//! Input: a class of the plan, its own sessions, the signal to leave. Output: samples in the shard's recorder.
//! [`steps`] executes steps; this file decides when an iteration starts (after a wait, or on an arrival).

mod context;
mod on_the_wire;
mod record;
mod steps;
mod trial;
mod waits;

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::feeder::{self, Taker};
use super::pacer::Pacer;
use super::shard_state::ShardState;
use super::signal::Signal;
use crate::protocol::sessions::Sessions;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{Bind, Class, Start, Step, StopScope};

/// Polling interval of users that wait for the others to end.
const LINGER: Duration = Duration::from_millis(20);

/// Identity of a user.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Number over all shards, from 0.
    pub number: u32,
    /// Index of its class in the plan.
    pub class: usize,
}

/// A running user.
pub struct User {
    shard: Rc<ShardState>,
    who: Identity,
    signal: Rc<Signal>,
    sessions: Sessions,
    scope: Scope,
    /// Current position in the scenario, for messages.
    section: Section,
    /// Next task, if tasks run in order.
    turn: usize,
    /// Time for which pauses of the run have delayed steps of the current task.
    held: Duration,
    /// Delay of the current iteration, if it had a due time. A field, because as an argument it would be stored twice
    /// in the future of each function.
    late: Option<Duration>,
    /// Number of steps without I/O since the last yield.
    unbroken: u32,
    /// The user has to leave: the task ends before its next step.
    ends: bool,
}

/// The step list that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    OnStart,
    Task(usize),
    OnStop,
}

impl User {
    /// Creates a user.
    pub fn new(shard: Rc<ShardState>, who: Identity, signal: Rc<Signal>, sessions: Sessions) -> Self {
        let mut scope = shard.plan.scope(shard.seed, u64::from(who.number) + 1);
        scope.sequences = Some(Arc::clone(&shard.sequences));
        Self {
            shard,
            who,
            signal,
            sessions,
            scope,
            section: Section::OnStart,
            turn: 0,
            held: Duration::ZERO,
            late: None,
            unbroken: 0,
            ends: false,
        }
    }

    /// Runs until retired, or until a step or the end of its data stops the user. Takes a reference, because a future
    /// reserves memory twice for values moved into it.
    pub async fn live(&mut self) {
        let shard = Rc::clone(&self.shard);
        let signal = Rc::clone(&self.signal);
        let class = &shard.plan.classes[self.who.class];
        let _alive = Alive::new(&shard, &signal, class.start);
        self.wait_while_paused().await;
        if signal.is_retired() && signal.arrival.get().is_none() {
            // Nothing was done yet, so neither `on_start` nor `on_stop` runs.
            return;
        }
        let mut way = self.take_rows(Bind::User).await;
        if way.is_continue() {
            way = self.list(Section::OnStart, &class.on_start).await;
        }
        if class.start == Start::BeforeOthers {
            shard.ready.set(shard.ready.get() + 1);
        }
        // `stop: task` ends only its step list.
        if !matches!(way, ControlFlow::Break(StopScope::User | StopScope::Run)) {
            // In an open model, users that start before the others generate no load.
            if shard.plan.schedule.is_open() && class.start == Start::WithOthers {
                let _ = self.serve(class).await;
            } else {
                let _ = self.iterate(class).await;
            }
        }
        if class.start == Start::BeforeOthers && shard.stopping.get() {
            // The others may depend on these users, so they stay until the others have ended.
            while shard.others.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(LINGER).await;
            }
        }
        let _ = self.list(Section::OnStop, &class.on_stop).await;
        self.sessions.finish().await;
    }

    async fn iterate(&mut self, class: &Class) -> ControlFlow<StopScope> {
        let mut pacer = Pacer::new(class.wait);
        let weights = weights(class);
        let mut waited = false;
        while !self.signal.is_retired() {
            pacer.shift(self.wait_while_paused().await);
            if self.signal.is_retired() {
                break;
            }
            self.late = pacer.begin(Instant::now());
            if let Some(delay) = self.late
                && waited
            {
                // Delays of an idle user are caused by the generator; those of a busy one by the server.
                self.shard.recorder.borrow_mut().schedule_delay(delay);
            }
            self.task(class, weights).await?;
            pacer.shift(std::mem::take(&mut self.held));
            let now = Instant::now();
            let next = pacer.next(now, &mut self.scope.rng);
            waited = next > now;
            if waited {
                pacer.shift(self.rest(next, class.wait.is_planned()).await);
            } else {
                // Without waits, a user whose responses are always ready would never yield.
                tokio::task::yield_now().await;
            }
        }
        ControlFlow::Continue(())
    }

    /// Starts an iteration whenever one arrives.
    async fn serve(&mut self, class: &Class) -> ControlFlow<StopScope> {
        let weights = weights(class);
        // The first iteration waited for `on_start`, which is not a delay of the generator.
        let mut was_idle = false;
        loop {
            let Some(due) = self.signal.arrival.take() else {
                if self.signal.is_retired() {
                    return ControlFlow::Continue(());
                }
                self.shard.idle_users.borrow_mut()[self.who.class].push(Rc::clone(&self.signal));
                self.shard.report_free();
                self.signal.wake.notified().await;
                was_idle = true;
                continue;
            };
            let late = due.elapsed();
            if std::mem::take(&mut was_idle) {
                self.shard.recorder.borrow_mut().schedule_delay(late);
            }
            self.shard.arrivals.borrow_mut().started += 1;
            self.late = Some(late);
            self.task(class, weights).await?;
            tokio::task::yield_now().await;
        }
    }

    async fn task(&mut self, class: &Class, weights: u64) -> ControlFlow<StopScope> {
        let index = self.choose(class, weights);
        self.section = Section::Task(index);
        let mut way = self.take_rows(Bind::Iteration).await;
        if way.is_continue() {
            way = self.list(Section::Task(index), &class.tasks[index].steps).await;
        }
        self.scope.iteration += 1;
        match way {
            ControlFlow::Break(StopScope::User | StopScope::Run) => way,
            ControlFlow::Break(StopScope::Task) | ControlFlow::Continue(()) => ControlFlow::Continue(()),
        }
    }

    /// Index of the next task.
    fn choose(&mut self, class: &Class, weights: u64) -> usize {
        if class.sequential {
            let all = class.tasks.len();
            // At least one weight is not 0; this is checked at compile time.
            let next = (0..all).map(|ahead| (self.turn + ahead) % all).find(|at| class.tasks[*at].weight > 0);
            let index = next.unwrap_or(0);
            self.turn = index + 1;
            return index;
        }
        if class.tasks.len() == 1 {
            return 0;
        }
        let mut at = self.scope.rng.u64(0..weights.max(1));
        for (index, task) in class.tasks.iter().enumerate() {
            match at.checked_sub(u64::from(task.weight)) {
                Some(rest) => at = rest,
                None => return index,
            }
        }
        0
    }

    /// Takes new rows from the data files with this `bind`.
    async fn take_rows(&mut self, bind: Bind) -> ControlFlow<StopScope> {
        let shard = Rc::clone(&self.shard);
        for (feeder, source) in shard.plan.feeders.iter().zip(shard.feeders.iter()).filter(|(f, _)| f.bind == bind) {
            let taker = Taker { user: self.who.number, iteration: self.scope.iteration };
            match source.take(feeder, taker) {
                Ok(row) => self.scope.set(feeder.slot, row),
                Err(feeder::Miss::Exhausted) => return ControlFlow::Break(StopScope::User),
                Err(feeder::Miss::Unreadable(why)) => {
                    self.failed(&format!("data {}", feeder.name), &why).await;
                    return ControlFlow::Break(StopScope::Task);
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Runs a step list.
    async fn list(&mut self, section: Section, steps: &[Step]) -> ControlFlow<StopScope> {
        self.section = section;
        self.ends = false;
        self.signal.busy.set(true);
        let way = self.run(steps).await;
        self.signal.busy.set(false);
        way
    }
}

fn weights(class: &Class) -> u64 {
    class.tasks.iter().map(|task| u64::from(task.weight)).sum()
}

/// Counts a user as running until it is dropped, including by an abort or a panic.
struct Alive<'a> {
    shard: &'a ShardState,
    signal: &'a Signal,
    start: Start,
}

impl<'a> Alive<'a> {
    fn new(shard: &'a ShardState, signal: &'a Signal, start: Start) -> Self {
        shard.users.set(shard.users.get() + 1);
        if start == Start::WithOthers {
            shard.others.fetch_add(1, Ordering::Relaxed);
        }
        Self { shard, signal, start }
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.shard.users.set(self.shard.users.get() - 1);
        if self.start == Start::WithOthers {
            self.shard.others.fetch_sub(1, Ordering::Relaxed);
        }
        if self.signal.busy.get() && !std::thread::panicking() {
            self.shard.unfinished.set(self.shard.unfinished.get() + 1);
        }
        if self.signal.arrival.take().is_some() {
            // The user left before it could start its iteration.
            self.shard.arrivals.borrow_mut().dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests;
