//! Holds as many users on a shard as ordered: spawns, retires, cuts, and notices who is gone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::arrivals::{self, Dealer};
use super::class_assignment::ClassAssignment;
use super::shard_command::{Pace, ShardCommand};
use super::shard_setup::ShardSetup;
use super::shard_state::{ShardState, SpawnRequest};
use super::signal::Signal;
use super::user::{Clients, Identity, User};
use crate::protocol::http::Factory;
use crate::protocol::redis;
use crate::scenario::plan::Start;
use crate::stats::{Interval, Recorder};

/// A user's place. Place `k` of shard `i` is that of user number `k × shards + i`.
enum Slot {
    Taken {
        task: JoinHandle<()>,
        signal: Rc<Signal>,
    },
    /// The user has stopped for good; no other takes its place.
    Quit,
    /// The user died of a panic; the next command fills the slot again.
    Vacant,
}

/// The users of one shard.
pub struct UserPool {
    shard: Rc<ShardState>,
    index: usize,
    shards: usize,
    assignment: ClassAssignment,
    factory: Factory,
    redis: Option<redis::Factory>,
    commands: mpsc::UnboundedReceiver<ShardCommand>,
    intervals: mpsc::Sender<Box<Interval>>,
    spares: mpsc::Receiver<Box<Interval>>,
    epoch: u32,
    /// Places for users; the newest sits last and leaves first.
    slots: Vec<Slot>,
    /// Most places, as ordered.
    wanted: usize,
    vacant: usize,
    /// Users that were retired and finish their task, with the moment they are cut.
    leaving: Vec<(JoinHandle<()>, Instant)>,
    /// Intervals that found the aggregator busy and must not be lost.
    backlog: VecDeque<Box<Interval>>,
    dispatcher: Option<(JoinHandle<()>, Rc<RefCell<Dealer>>)>,
}

impl UserPool {
    /// Holds nobody yet.
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
            factory: setup.factory,
            redis: setup.redis,
            commands: setup.commands,
            intervals: setup.intervals,
            spares: setup.spares,
            epoch: 0,
            slots: Vec::new(),
            wanted: 0,
            vacant: 0,
            leaving: Vec::new(),
            backlog: VecDeque::new(),
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

    /// Waits for the supervisor.
    pub async fn next_command(&mut self) -> ShardCommand {
        // The supervisor is gone: nobody would ever stop us.
        self.commands.recv().await.unwrap_or(ShardCommand::Cut)
    }

    /// Handles one command of the supervisor.
    pub fn handle(&mut self, command: ShardCommand) {
        match command {
            ShardCommand::Hold(total) => self.hold(total),
            ShardCommand::Arrive(from) if self.dispatcher.is_none() && !self.shard.stopping.get() => {
                let dealt = (self.index as u64, self.shards as u64);
                let dealer = Rc::new(RefCell::new(Dealer::new(&self.shard, dealt, from)));
                let dispatch = arrivals::dispatch(Rc::clone(&self.shard), Rc::clone(&dealer));
                self.dispatcher = Some((tokio::task::spawn_local(dispatch), dealer));
            }
            ShardCommand::Arrive(_) => {}
            // A user that was spawned now would never be told to leave.
            ShardCommand::Serve(_) if self.shard.stopping.get() => self.shard.arrivals.borrow_mut().dropped += 1,
            ShardCommand::Serve(arrival) => arrivals::arrive(&self.shard, arrival),
            ShardCommand::Scale(scale, at) => {
                self.shard.pace.set(Pace { scale, at });
                self.shard.repaced.notify_one();
            }
            ShardCommand::Pause => self.shard.pause(),
            ShardCommand::Resume => self.shard.resume(),
            ShardCommand::Stop => self.stop(),
            ShardCommand::Cut => {
                self.stop();
                for (task, _) in &self.leaving {
                    task.abort();
                }
            }
            ShardCommand::Epoch(epoch) => {
                let interval = self.fill(None);
                self.backlog.push_back(interval);
                self.hand_over_backlog();
                self.epoch = epoch;
                *self.shard.recorder.borrow_mut() = Recorder::new(self.index, self.shard.plan.endpoints.len());
            }
        }
    }

    fn stop(&mut self) {
        self.shard.stopping.set(true);
        if let Some((task, dealer)) = self.dispatcher.take() {
            task.abort();
            // What was due before the end belongs to the run, however late this thread looks.
            dealer.borrow_mut().deal(&self.shard, u32::MAX);
            self.spawn_requested();
        }
        while self.retire() {}
    }

    /// User numbers are dealt to the shards in turn.
    fn hold(&mut self, total: u32) {
        if self.shard.stopping.get() {
            return;
        }
        self.wanted = (total as usize + self.shards - 1 - self.index) / self.shards;
        // Users are retired newest first: the oldest hold warm connections, and dropping those would make a small
        // decrease look like a latency spike.
        while self.slots.len() > self.wanted && self.retire() {}
        while self.vacant > 0 && self.refill() {}
        while self.slots.len() < self.wanted && self.spawns_at_once() && self.spawn() {}
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
        // One that comes instead of another needs no place of its own.
        let requested =
            self.shard.spawn_requests.borrow().iter().filter(|request| request.instead_of.is_none()).count();
        let free = self.wanted.saturating_sub(self.slots.len() + requested);
        self.shard.vacancies.set(u32::try_from(free).unwrap_or(u32::MAX));
        self.shard.report_free();
    }

    fn number(&self, place: usize) -> u32 {
        u32::try_from(place * self.shards + self.index).unwrap_or(u32::MAX)
    }

    fn spawn(&mut self) -> bool {
        let Some(slot) = self.slot(self.slots.len()) else { return false };
        self.slots.push(slot);
        true
    }

    /// Spawns a user for an iteration, unless there is no place for it any more.
    fn spawn_for(&mut self, request: SpawnRequest) -> bool {
        let held = |slot: &Slot| match (slot, &request.instead_of) {
            (Slot::Taken { signal, .. }, Some(other)) => Rc::ptr_eq(signal, other),
            _ => false,
        };
        let place = self.slots.iter().position(held);
        if place.is_none() && self.slots.len() >= self.wanted {
            return false;
        }
        let at = place.unwrap_or(self.slots.len());
        let slot = self.take(at, request.class, Some(request.due));
        match self.slots.get_mut(at) {
            Some(old) => {
                if let Slot::Taken { task, .. } = std::mem::replace(old, slot) {
                    self.leaving.push((task, self.shard.last_moment()));
                }
            }
            None => self.slots.push(slot),
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

    fn refill(&mut self) -> bool {
        let Some(place) = self.slots.iter().position(|slot| matches!(slot, Slot::Vacant)) else {
            self.vacant = 0;
            return false;
        };
        let Some(slot) = self.slot(place) else { return false };
        self.slots[place] = slot;
        self.vacant -= 1;
        true
    }

    /// A user of the class that this place has.
    fn slot(&mut self, place: usize) -> Option<Slot> {
        let class = self.assignment.class_of(self.number(place))?;
        Some(self.take(place, class, None))
    }

    fn take(&self, place: usize, class: usize, arrival: Option<Instant>) -> Slot {
        let number = self.number(place);
        let signal = Signal::with_arrival(arrival);
        let who = Identity { number, class };
        let redis = self.redis.as_ref().map(|factory| Box::new(factory.client(Rc::clone(&self.shard))));
        let clients = Clients { http: self.factory.client(), redis };
        let mut user = User::new(Rc::clone(&self.shard), who, Rc::clone(&signal), clients);
        let shard = Rc::clone(&self.shard);
        let task = tokio::task::spawn_local(async move {
            // Also when the user panics, so that the pool looks at once.
            let _tell = Tell(shard);
            user.live().await;
        });
        Slot::Taken { task, signal }
    }

    fn retire(&mut self) -> bool {
        let Some(slot) = self.slots.pop() else { return false };
        match slot {
            Slot::Taken { task, signal } => {
                let by = self.shard.last_moment();
                signal.retire(by);
                self.leaving.push((task, by));
            }
            Slot::Vacant => self.vacant -= 1,
            Slot::Quit => {}
        }
        true
    }

    /// Looks at what users and arrivals have left to be done.
    pub fn process_pending(&mut self) {
        self.spawn_requested();
        self.count_vacancies();
        if self.shard.wants_stop() {
            self.hand_over();
        }
    }

    /// Cuts who overstays, forgets who is gone, and notes who died of a panic.
    pub fn reap(&mut self) {
        let now = Instant::now();
        let mut died = 0;
        self.leaving.retain_mut(|(task, until)| {
            if now >= *until {
                task.abort();
            }
            died += u32::from(panicked(task));
            !task.is_finished()
        });
        for slot in &mut self.slots {
            let Slot::Taken { task, .. } = slot else { continue };
            if task.is_finished() {
                // A user ends before it is told to by a step or the end of its data, else by a panic.
                let broken = panicked(task);
                *slot = if broken { Slot::Vacant } else { Slot::Quit };
                died += u32::from(broken);
                self.vacant += usize::from(broken);
            }
        }
        for _ in 0..died {
            self.shard.recorder.borrow_mut().exception(&"user".into(), "a simulated user died of an internal error");
        }
    }

    /// Hands over what was recorded, unless the aggregator is busy.
    pub fn hand_over(&mut self) {
        if !self.hand_over_backlog() {
            return;
        }
        // A busy aggregator costs nothing: the interval goes on and is handed over next time.
        let Ok(permit) = self.intervals.try_reserve() else { return };
        let spare = self.spares.try_recv().ok();
        permit.send(fill(&self.shard, self.epoch, &self.slots, spare));
    }

    /// False when some of it is still here.
    fn hand_over_backlog(&mut self) -> bool {
        while let Some(interval) = self.backlog.pop_front() {
            if let Err(error) = self.intervals.try_send(interval) {
                // A closed channel has no reader left; what is sent to it is lost either way.
                self.backlog.push_front(error.into_inner());
                return false;
            }
        }
        true
    }

    fn fill(&self, spare: Option<Box<Interval>>) -> Box<Interval> {
        fill(&self.shard, self.epoch, &self.slots, spare)
    }

    /// Hands over the rest, and ends.
    pub async fn last_handover(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            // Passed on while this shard ended.
            self.shard.arrivals.borrow_mut().dropped += u64::from(matches!(command, ShardCommand::Serve(_)));
        }
        let last = self.fill(None);
        for interval in self.backlog.into_iter().chain([last]) {
            // The supervisor outlives its shards; if it does not, nobody is left to read this.
            let _ = self.intervals.send(interval).await;
        }
    }
}

fn fill(shard: &ShardState, epoch: u32, slots: &[Slot], spare: Option<Box<Interval>>) -> Box<Interval> {
    let mut interval = shard.fill(spare);
    interval.epoch = epoch;
    let quit = slots.iter().filter(|slot| matches!(slot, Slot::Quit)).count();
    interval.staff.seats = u32::try_from(slots.len()).unwrap_or(u32::MAX);
    interval.staff.quit = u32::try_from(quit).unwrap_or(u32::MAX);
    interval
}

fn panicked(task: &mut JoinHandle<()>) -> bool {
    use std::task::{Context, Poll, Waker};
    if !task.is_finished() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    matches!(std::pin::Pin::new(task).poll(&mut context), Poll::Ready(Err(error)) if error.is_panic())
}

struct Tell(Rc<ShardState>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.attention.notify_one();
    }
}
