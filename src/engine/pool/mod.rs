//! Maintains the number of users on a shard: spawns and retires them, and handles their end.

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
use super::arrivals::{self, ArrivalSchedule, ShardShare};
use super::class_assignment::ClassAssignment;
use super::shard_command::{Pace, ShardCommand};
use super::shard_setup::ShardSetup;
use super::shard_state::{ShardState, SpawnRequest};
use super::signal::Signal;
use super::user::{Identity, User};
use crate::protocol::sessions::Factories;
use crate::scenario::plan::Start;
use crate::stats::Recorder;

/// Result of a user's task: the index of its slot, or an error if it panicked or was aborted.
pub type Ended = Result<(Id, usize), JoinError>;

/// What [`UserPool::next_event`] waits for.
pub enum PoolEvent {
    Command(ShardCommand),
    Ended(Ended),
}

/// The task that dispatches the arrivals of an open model, and its schedule.
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
    /// Maximum number of slots, as ordered.
    wanted: usize,
    /// Tasks of all users; each returns the index of its slot.
    users: JoinSet<usize>,
    leaving: Leaving,
    dispatcher: Option<Dispatcher>,
}

impl UserPool {
    /// Creates a pool without users.
    pub fn new(setup: ShardSetup) -> Self {
        let shard = Rc::new(ShardState::new(&setup));
        if setup.index == 0 {
            for (feeder, source) in setup.plan.feeders.iter().zip(setup.feeders.iter()) {
                if let Some(complaint) = source.skipped_rows(feeder) {
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

    /// State shared by the users.
    pub fn shard(&self) -> &Rc<ShardState> {
        &self.shard
    }

    /// True after a stop, when no users are left.
    pub fn is_over(&self) -> bool {
        self.shard.stopping.get() && self.slots.is_empty() && self.leaving.is_empty()
    }

    /// Waits for a command, or for a user to end. Cancel-safe.
    pub async fn next_event(&mut self) -> PoolEvent {
        tokio::select! {
            // If the supervisor is gone, nobody else would stop this shard.
            command = self.commands.recv() => PoolEvent::Command(command.unwrap_or(ShardCommand::Abort)),
            Some(ended) = self.users.join_next_with_id() => PoolEvent::Ended(ended),
        }
    }

    /// Handles a command of the supervisor.
    pub fn handle(&mut self, command: ShardCommand) {
        match command {
            ShardCommand::SetUsers(total) => self.set_users(total),
            ShardCommand::Arrive(from) if self.dispatcher.is_none() && !self.shard.stopping.get() => {
                let share = ShardShare { index: self.index as u64, shards: self.shards as u64 };
                let schedule = Rc::new(RefCell::new(ArrivalSchedule::new(&self.shard, share, from)));
                let run = arrivals::dispatch(Rc::clone(&self.shard), Rc::clone(&schedule));
                self.dispatcher = Some(Dispatcher { task: tokio::task::spawn_local(run), schedule });
            }
            ShardCommand::Arrive(_) => {}
            // A user spawned now would never be retired.
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
            // Arrivals that were due before the end are counted, even if this thread is late.
            schedule.borrow_mut().dispatch_due(&self.shard, u32::MAX);
            self.spawn_requested();
        }
        while self.retire() {}
    }

    /// Sets the total number of users. User numbers are assigned to shards in turn.
    fn set_users(&mut self, total: u32) {
        if self.shard.stopping.get() {
            return;
        }
        self.wanted = (total as usize + self.shards - 1 - self.index) / self.shards;
        // Users are retired newest first: the oldest have open connections, and closing those would make a small
        // decrease look like a latency spike.
        while self.slots.len() > self.wanted && self.retire() {}
        while let Some(index) = self.slots.vacancy()
            && self.spawn(index)
        {}
        while self.slots.len() < self.wanted && self.spawns_at_once() && self.spawn(self.slots.len()) {}
        self.count_vacancies();
    }

    /// In an open model, users are spawned by arrivals, except those that start before the others.
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
        // A user that replaces another one needs no additional slot.
        let requested =
            self.shard.spawn_requests.borrow().iter().filter(|request| request.instead_of.is_none()).count();
        let free = self.wanted.saturating_sub(self.slots.len() + requested);
        self.shard.vacancies.set(u32::try_from(free).unwrap_or(u32::MAX));
        self.shard.report_free();
    }

    fn number(&self, index: usize) -> u32 {
        u32::try_from(index * self.shards + self.index).unwrap_or(u32::MAX)
    }

    /// Spawns the user of this slot; false if there is none, because all classes have fixed counts.
    fn spawn(&mut self, index: usize) -> bool {
        let Some(class) = self.assignment.class_of(self.number(index)) else { return false };
        let slot = self.start(index, class, None);
        self.slots.put(index, slot);
        true
    }

    /// Spawns a user for an iteration; false if there is no slot.
    fn spawn_for(&mut self, request: SpawnRequest) -> bool {
        let replaced = request.instead_of.as_ref().and_then(|user| self.slots.of(user));
        if replaced.is_none() && self.slots.len() >= self.wanted {
            return false;
        }
        let index = replaced.unwrap_or(self.slots.len());
        let slot = self.start(index, request.class, Some(request.due));
        if let Some(Slot::Taken { task, .. }) = self.slots.put(index, slot) {
            self.leaving.add(task, self.shard.abort_deadline());
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

    /// Starts the task of a user. `arrival`: due time of the iteration that it is spawned for.
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
            let by = self.shard.abort_deadline();
            signal.retire(by);
            self.leaving.add(task, by);
        }
        true
    }

    /// Processes requests of users and arrivals.
    pub fn process_pending(&mut self) {
        self.spawn_requested();
        self.count_vacancies();
        if self.shard.wants_stop() {
            self.hand_over();
        }
    }

    /// Aborts users past their deadline, and removes those that have ended.
    pub fn reap(&mut self) {
        self.leaving.abort_overdue();
        while let Some(ended) = self.users.try_join_next_with_id() {
            self.remove(ended);
        }
    }

    /// Removes a user that has ended. A user that was not retired was stopped by a step or by the end of its data, or
    /// it panicked.
    pub fn remove(&mut self, ended: Ended) {
        let (id, index, panicked) = match ended {
            Ok((id, index)) => (id, Some(index), false),
            Err(error) => (error.id(), None, error.is_panic()),
        };
        if panicked {
            self.shard.recorder.borrow_mut().exception(&"user".into(), "a simulated user crashed (internal error)");
        }
        // It may have left its slot to a user that is requested but not spawned yet.
        self.spawn_requested();
        if !self.leaving.ended(id) {
            self.slots.ended(id, index, panicked);
        }
    }

    /// Hands over the current interval, unless the aggregator is busy.
    pub fn hand_over(&mut self) {
        self.handover.send(&self.shard, &self.slots);
    }

    /// Hands over the rest, and ends.
    pub async fn last_handover(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            // Passed on by other shards while this one ended.
            self.shard.arrivals.borrow_mut().dropped += u64::from(matches!(command, ShardCommand::Serve(_)));
        }
        self.handover.finish(&self.shard, &self.slots).await;
    }
}

#[cfg(test)]
mod tests;
