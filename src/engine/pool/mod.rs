//! Keeps as many users on a shard as ordered: spawns and retires them, and notices when one has ended.

mod handover;
mod leaving;
mod slots;

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

use self::handover::Handover;
use self::leaving::Leaving;
use self::slots::{Slot, Slots};
use super::arrivals::{self, ArrivalSchedule};
use super::class_assignment::ClassAssignment;
use super::shard_command::{Pace, ShardCommand};
use super::shard_setup::ShardSetup;
use super::shard_state::{ShardState, SpawnRequest};
use super::signal::Signal;
use super::user::{Identity, User};
use crate::protocol::sessions::Factories;
use crate::scenario::plan::Start;
use crate::stats::Recorder;

/// How the task of a user ended: the index of its slot, or why it did not come to its end.
pub type Ended = Result<(Id, usize), JoinError>;

/// What the pool waits for.
pub enum PoolEvent {
    Command(ShardCommand),
    Ended(Ended),
}

/// The task that dispatches the arrivals of an open run, and what it dispatches.
struct Dispatcher {
    task: JoinHandle<()>,
    schedule: Rc<RefCell<ArrivalSchedule>>,
}

/// The users of one shard.
pub struct UserPool {
    shard: Rc<ShardState>,
    index: usize,
    shards: usize,
    assignment: ClassAssignment,
    factories: Factories,
    commands: mpsc::UnboundedReceiver<ShardCommand>,
    handover: Handover,
    slots: Slots,
    /// Most slots, as ordered.
    wanted: usize,
    /// The tasks of all users; each returns the index of the slot it was spawned for.
    users: JoinSet<usize>,
    leaving: Leaving,
    dispatcher: Option<Dispatcher>,
}

impl UserPool {
    /// Without any users yet.
    pub fn new(setup: ShardSetup) -> Self {
        let shard = Rc::new(ShardState::new(&setup));
        if setup.index == 0 {
            for (feeder, source) in setup.plan.feeders.iter().zip(setup.feeders.iter()) {
                if let Some(complaint) = source.complaint(feeder) {
                    shard.recorder.borrow_mut().exception(&format!("data {}", feeder.name).into(), &complaint);
                }
            }
        }
        Self {
            index: setup.index,
            shards: setup.shards,
            assignment: ClassAssignment::new(&setup.plan.classes, setup.plan.load.users),
            shard,
            factories: setup.factories,
            commands: setup.commands,
            handover: Handover::new(setup.intervals, setup.spares),
            slots: Slots::default(),
            wanted: 0,
            users: JoinSet::new(),
            leaving: Leaving::default(),
            dispatcher: None,
        }
    }

    /// What the users share.
    pub fn shard(&self) -> &Rc<ShardState> {
        &self.shard
    }

    /// True when a stop was ordered and nobody is left.
    pub fn is_over(&self) -> bool {
        self.shard.stopping.get() && self.slots.is_empty() && self.leaving.is_empty()
    }

    /// Waits for a command, or for a user to end. Cancel-safe: dropping it loses nothing.
    pub async fn next_event(&mut self) -> PoolEvent {
        tokio::select! {
            // When the supervisor is gone, nobody would ever stop this shard.
            command = self.commands.recv() => PoolEvent::Command(command.unwrap_or(ShardCommand::Abort)),
            Some(ended) = self.users.join_next_with_id() => PoolEvent::Ended(ended),
        }
    }

    /// Handles one command of the supervisor.
    pub fn handle(&mut self, command: ShardCommand) {
        match command {
            ShardCommand::Hold(total) => self.hold(total),
            ShardCommand::Arrive(from) if self.dispatcher.is_none() && !self.shard.stopping.get() => {
                let share = (self.index as u64, self.shards as u64);
                let schedule = Rc::new(RefCell::new(ArrivalSchedule::new(&self.shard, share, from)));
                let run = arrivals::dispatch(Rc::clone(&self.shard), Rc::clone(&schedule));
                self.dispatcher = Some(Dispatcher { task: tokio::task::spawn_local(run), schedule });
            }
            ShardCommand::Arrive(_) => {}
            // Nobody would retire a user that was spawned now.
            ShardCommand::Serve(_) if self.shard.stopping.get() => self.shard.arrivals.borrow_mut().dropped += 1,
            ShardCommand::Serve(arrival) => arrivals::serve(&self.shard, arrival),
            ShardCommand::Scale(scale, at) => {
                self.shard.pace.set(Pace { scale, at });
                self.shard.repaced.notify_one();
            }
            ShardCommand::Pause => self.shard.pause(),
            ShardCommand::Resume => self.shard.resume(),
            ShardCommand::Stop => self.stop(),
            ShardCommand::Abort => {
                self.stop();
                self.leaving.abort();
            }
            ShardCommand::Epoch(epoch) => {
                self.handover.begin_epoch(epoch, &self.shard, &self.slots);
                *self.shard.recorder.borrow_mut() = Recorder::new(self.index, self.shard.plan.endpoints.len());
            }
        }
    }

    fn stop(&mut self) {
        self.shard.stopping.set(true);
        if let Some(Dispatcher { task, schedule }) = self.dispatcher.take() {
            task.abort();
            // What was due before the end belongs to the run, however late this thread is.
            schedule.borrow_mut().dispatch_due(&self.shard, u32::MAX);
            self.spawn_requested();
        }
        while self.retire() {}
    }

    /// User numbers go to the shards in turn.
    fn hold(&mut self, total: u32) {
        if self.shard.stopping.get() {
            return;
        }
        self.wanted = (total as usize + self.shards - 1 - self.index) / self.shards;
        // Users are retired newest first: the oldest have warm connections, and dropping those would make a small
        // decrease look like a latency spike.
        while self.slots.len() > self.wanted && self.retire() {}
        while let Some(index) = self.slots.vacancy()
            && self.spawn(index)
        {}
        while self.slots.len() < self.wanted && self.spawns_at_once() && self.spawn(self.slots.len()) {}
        self.count_vacancies();
    }

    /// In an open run users come with the arrivals, but for those that come before the others.
    fn spawns_at_once(&mut self) -> bool {
        let plan = &self.shard.plan;
        if !plan.schedule.is_open() {
            return true;
        }
        let number = self.number(self.slots.len());
        self.assignment
            .class_of(number)
            .is_some_and(|class| self.shard.plan.classes[class].start == Start::BeforeOthers)
    }

    fn count_vacancies(&self) {
        // A user that replaces another needs no slot of its own.
        let requested =
            self.shard.spawn_requests.borrow().iter().filter(|request| request.instead_of.is_none()).count();
        let free = self.wanted.saturating_sub(self.slots.len() + requested);
        self.shard.vacancies.set(u32::try_from(free).unwrap_or(u32::MAX));
        self.shard.report_free();
    }

    fn number(&self, index: usize) -> u32 {
        u32::try_from(index * self.shards + self.index).unwrap_or(u32::MAX)
    }

    /// Spawns a user of the class that this slot has; false when there is none, as all classes have a fixed count.
    fn spawn(&mut self, index: usize) -> bool {
        let Some(class) = self.assignment.class_of(self.number(index)) else { return false };
        let slot = self.start(index, class, None);
        self.slots.put(index, slot);
        true
    }

    /// Spawns a user for an iteration, unless there is no slot for it any more.
    fn spawn_for(&mut self, request: SpawnRequest) -> bool {
        let replaced = request.instead_of.as_ref().and_then(|user| self.slots.of(user));
        if replaced.is_none() && self.slots.len() >= self.wanted {
            return false;
        }
        let index = replaced.unwrap_or(self.slots.len());
        let slot = self.start(index, request.class, Some(request.due));
        if let Some(Slot::Taken { task, .. }) = self.slots.put(index, slot) {
            self.leaving.add(task, self.shard.last_moment());
        }
        true
    }

    fn spawn_requested(&mut self) {
        loop {
            let Some(request) = self.shard.spawn_requests.borrow_mut().pop_front() else { break };
            if !self.spawn_for(request) {
                self.shard.arrivals.borrow_mut().dropped += 1;
            }
        }
    }

    /// Starts the task of a user, with an iteration that was due at `arrival` where it is spawned for one.
    fn start(&mut self, index: usize, class: usize, arrival: Option<Instant>) -> Slot {
        let number = self.number(index);
        let signal = Signal::with_arrival(arrival);
        let who = Identity { number, class };
        let sink = Rc::<ShardState>::clone(&self.shard);
        let sessions = self.factories.sessions(sink);
        let mut user = User::new(Rc::clone(&self.shard), who, Rc::clone(&signal), sessions);
        let task = self.users.spawn_local(async move {
            user.live().await;
            index
        });
        Slot::Taken { task, signal }
    }

    fn retire(&mut self) -> bool {
        let Some(slot) = self.slots.pop() else { return false };
        if let Slot::Taken { task, signal } = slot {
            let by = self.shard.last_moment();
            signal.retire(by);
            self.leaving.add(task, by);
        }
        true
    }

    /// Does what users and arrivals have asked for.
    pub fn process_pending(&mut self) {
        self.spawn_requested();
        self.count_vacancies();
        if self.shard.wants_stop() {
            self.hand_over();
        }
    }

    /// Aborts users whose time to leave is over, and removes all that have ended.
    pub fn reap(&mut self) {
        self.leaving.abort_overdue();
        while let Some(ended) = self.users.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// Removes a user that has ended; one that was not retired was stopped by a step or the end of its data, or died of
    /// a panic.
    pub fn forget(&mut self, ended: Ended) {
        let (id, index, panicked) = match ended {
            Ok((id, index)) => (id, Some(index), false),
            Err(error) => (error.id(), None, error.is_panic()),
        };
        if panicked {
            self.shard.recorder.borrow_mut().exception(&"user".into(), "a simulated user died of an internal error");
        }
        // It may have made room for a user that was requested and is not spawned yet: then its slot is taken, not left.
        self.spawn_requested();
        if !self.leaving.ended(id) {
            self.slots.ended(id, index, panicked);
        }
    }

    /// Hands over what was recorded, unless the aggregator is busy.
    pub fn hand_over(&mut self) {
        self.handover.send(&self.shard, &self.slots);
    }

    /// Hands over the rest, and ends.
    pub async fn last_handover(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            // Passed on while this shard ended.
            self.shard.arrivals.borrow_mut().dropped += u64::from(matches!(command, ShardCommand::Serve(_)));
        }
        self.handover.finish(&self.shard, &self.slots).await;
    }
}

#[cfg(test)]
mod tests;
