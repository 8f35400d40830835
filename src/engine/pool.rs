//! Holds as many users on a shard as ordered: spawns, retires, cuts, and notices who is gone.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

use super::arrivals::{self, Dealer};
use super::class_assignment::ClassAssignment;
use super::shard_command::{Pace, ShardCommand};
use super::shard_setup::ShardSetup;
use super::shard_state::{ShardState, SpawnRequest};
use super::signal::Signal;
use super::user::{Identity, User};
use crate::protocol::sessions::Factories;
use crate::scenario::plan::Start;
use crate::stats::{Interval, Recorder};

/// A user's place. Place `k` of shard `i` is that of user number `k × shards + i`.
enum Slot {
    Taken {
        task: AbortHandle,
        signal: Rc<Signal>,
    },
    /// The user has stopped for good; no other takes its place.
    Quit,
    /// The user died of a panic; the next command fills the slot again.
    Vacant,
}

/// How the task of a user ended: its place, or why it did not come to its end.
pub type Ended = Result<(Id, usize), JoinError>;

/// What the pool waits for.
pub enum PoolEvent {
    Command(ShardCommand),
    Ended(Ended),
}

/// The users of one shard.
pub struct UserPool {
    shard: Rc<ShardState>,
    index: usize,
    shards: usize,
    assignment: ClassAssignment,
    factories: Factories,
    commands: mpsc::UnboundedReceiver<ShardCommand>,
    intervals: mpsc::Sender<Box<Interval>>,
    spares: mpsc::Receiver<Box<Interval>>,
    epoch: u32,
    /// Places for users; the newest sits last and leaves first.
    slots: Vec<Slot>,
    /// Most places, as ordered.
    wanted: usize,
    vacant: usize,
    /// The tasks of all users; each returns the place it was spawned for.
    users: JoinSet<usize>,
    /// Users that were retired and finish their task.
    leaving: HashMap<Id, AbortHandle>,
    /// When those that leave are aborted, the earliest first; some of them may be gone already.
    deadlines: VecDeque<(Instant, Id)>,
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
            factories: setup.factories,
            commands: setup.commands,
            intervals: setup.intervals,
            spares: setup.spares,
            epoch: 0,
            slots: Vec::new(),
            wanted: 0,
            vacant: 0,
            users: JoinSet::new(),
            leaving: HashMap::new(),
            deadlines: VecDeque::new(),
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

    /// Waits for a command, or for a user to end. Dropping it halfway loses nothing.
    pub async fn next_event(&mut self) -> PoolEvent {
        tokio::select! {
            // When the supervisor is gone, nobody would ever stop this shard.
            command = self.commands.recv() => PoolEvent::Command(command.unwrap_or(ShardCommand::Cut)),
            Some(ended) = self.users.join_next_with_id() => PoolEvent::Ended(ended),
        }
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
                self.leaving.values().for_each(AbortHandle::abort);
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
                    self.let_leave(task, self.shard.last_moment());
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

    fn take(&mut self, place: usize, class: usize, arrival: Option<Instant>) -> Slot {
        let number = self.number(place);
        let signal = Signal::with_arrival(arrival);
        let who = Identity { number, class };
        let sink = Rc::<ShardState>::clone(&self.shard);
        let sessions = self.factories.sessions(sink);
        let mut user = User::new(Rc::clone(&self.shard), who, Rc::clone(&signal), sessions);
        let task = self.users.spawn_local(async move {
            user.live().await;
            place
        });
        Slot::Taken { task, signal }
    }

    fn retire(&mut self) -> bool {
        let Some(slot) = self.slots.pop() else { return false };
        match slot {
            Slot::Taken { task, signal } => {
                let by = self.shard.last_moment();
                signal.retire(by);
                self.let_leave(task, by);
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

    /// The user finishes its task, and is aborted at `by`. The stop time-out is the same for all, so deadlines are in
    /// order.
    fn let_leave(&mut self, task: AbortHandle, by: Instant) {
        self.deadlines.push_back((by, task.id()));
        self.leaving.insert(task.id(), task);
    }

    /// Aborts users whose time to leave is over, and forgets all that have ended.
    pub fn reap(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.deadlines.pop_front_if(|(by, _)| now >= *by) {
            if let Some(task) = self.leaving.get(&id) {
                task.abort();
            }
        }
        while let Some(ended) = self.users.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// Forgets a user that has ended; one that was not told to leave was stopped by a step or the end of its data, or
    /// died of a panic.
    pub fn forget(&mut self, ended: Ended) {
        let (id, place, panicked) = match ended {
            Ok((id, place)) => (id, Some(place), false),
            Err(error) => (error.id(), None, error.is_panic()),
        };
        if panicked {
            self.shard.recorder.borrow_mut().exception(&"user".into(), "a simulated user died of an internal error");
        }
        // It may have made room for a user that was asked for and is not spawned yet: then its place is taken, not left.
        self.spawn_requested();
        if self.leaving.remove(&id).is_some() {
            return;
        }
        let is_its = |slot: &Slot| matches!(slot, Slot::Taken { task, .. } if task.id() == id);
        // A task that dies returns nothing, which is rare enough to look for its slot.
        let Some(place) = place.or_else(|| self.slots.iter().position(is_its)) else { return };
        if let Some(slot) = self.slots.get_mut(place).filter(|slot| is_its(slot)) {
            *slot = if panicked { Slot::Vacant } else { Slot::Quit };
            self.vacant += usize::from(panicked);
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
    interval.shard_users.slots = u32::try_from(slots.len()).unwrap_or(u32::MAX);
    interval.shard_users.quit = u32::try_from(quit).unwrap_or(u32::MAX);
    interval
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::LocalSet;

    use super::*;
    use crate::engine::shard_command::Arrival;
    use crate::scenario::{Overrides, Scenario};

    fn pool() -> (UserPool, mpsc::UnboundedSender<ShardCommand>) {
        pool_of("stop_timeout: 2s\ntasks: [{ steps: [{ wait: 1h }] }]")
    }

    fn pool_of(text: &str) -> (UserPool, mpsc::UnboundedSender<ShardCommand>) {
        let text = format!("host: http://h\n{text}");
        let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
        let (supervisor, commands) = mpsc::unbounded_channel();
        (UserPool::new(ShardSetup { commands, ..ShardSetup::of(&Arc::new(plan), 0, 1) }), supervisor)
    }

    async fn ended(pool: &mut UserPool) {
        match pool.next_event().await {
            PoolEvent::Ended(ended) => pool.forget(ended),
            PoolEvent::Command(command) => panic!("{command:?}"),
        }
    }

    /// How many have been reported since the last time.
    fn panics(pool: &UserPool) -> usize {
        format!("{:?}", pool.shard.recorder.borrow_mut().swap(None)).matches("died of an internal error\", 1").count()
    }

    #[tokio::test(start_paused = true)]
    async fn users_that_leave_are_forgotten_when_they_end_and_not_before() {
        let (mut pool, _supervisor) = pool();
        LocalSet::new()
            .run_until(async {
                pool.handle(ShardCommand::Hold(3));
                // Until they are in the wait, where they are told to leave.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                pool.handle(ShardCommand::Hold(1));
                let from = Instant::now();
                assert_eq!((pool.slots.len(), pool.leaving.len()), (1, 2));
                ended(&mut pool).await;
                ended(&mut pool).await;
                assert!(from.elapsed() < std::time::Duration::from_millis(2), "{:?}", from.elapsed());
                assert_eq!((pool.slots.len(), pool.leaving.len(), pool.shard.users.get()), (1, 0, 1));
            })
            .await;
        assert_eq!(panics(&pool), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_overstays_is_aborted_at_its_deadline() {
        let (mut pool, _supervisor) = pool();
        LocalSet::new()
            .run_until(async {
                let task = pool.users.spawn_local(std::future::pending());
                pool.slots.push(Slot::Taken { task, signal: Rc::default() });
                pool.handle(ShardCommand::Stop);
                tokio::time::advance(std::time::Duration::from_millis(1_999)).await;
                pool.reap();
                assert!(!pool.is_over() && pool.users.try_join_next().is_none());
                tokio::time::advance(std::time::Duration::from_millis(1)).await;
                pool.reap();
                ended(&mut pool).await;
                assert!(pool.is_over());
            })
            .await;
        assert_eq!(panics(&pool), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_ends_before_the_one_in_its_place_is_spawned_has_not_stopped_for_good() {
        let class = |name: &str| format!("  {name}: {{ tasks: [{{ steps: [{{ wait: 0s }}] }}] }}\n");
        let text = format!("arrivals: {{ rate: 1/s, max_users: 1 }}\nuser_classes:\n{}{}", class("A"), class("B"));
        let (mut pool, _supervisor) = pool_of(&text);
        LocalSet::new()
            .run_until(async {
                pool.handle(ShardCommand::Hold(1));
                for class in [0, 1, 0, 1] {
                    arrivals::arrive(pool.shard(), Arrival { class, due: Instant::now(), passed: 0 });
                    // The idle user of the other class sees that it is retired, and is gone before anything is spawned.
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    pool.reap();
                    pool.process_pending();
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    assert!(matches!(pool.slots[..], [Slot::Taken { .. }]) && pool.leaving.is_empty(), "{class}");
                }
                assert_eq!((pool.shard.arrivals.borrow().started, pool.shard.arrivals.borrow().dropped), (4, 0));
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_reported_once_and_its_slot_is_filled_again() {
        let (mut pool, _supervisor) = pool();
        LocalSet::new()
            .run_until(async {
                pool.handle(ShardCommand::Hold(2));
                let task = pool.users.spawn_local(async { panic!("a defect") });
                pool.slots[1] = Slot::Taken { task, signal: Rc::default() };
                ended(&mut pool).await;
                assert!(matches!(pool.slots[1], Slot::Vacant) && pool.vacant == 1);
                assert_eq!(panics(&pool), 1);
                pool.handle(ShardCommand::Hold(2));
                assert!(matches!(pool.slots[1], Slot::Taken { .. }) && pool.vacant == 0);
            })
            .await;
    }
}
