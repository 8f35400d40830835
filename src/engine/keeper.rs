//! Holds as many users on a shard as ordered: spawns, retires, cuts, and notices who is gone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::arrivals::{self, Dealer, Hire};
use super::roster::Roster;
use super::shard::{Order, Setup, Shard};
use super::user::{Clients, Identity, Signal, User};
use crate::protocol::http::Factory;
use crate::protocol::redis;
use crate::scenario::plan::Start;
use crate::stats::{Interval, Recorder};

/// A user's place. Place `k` of shard `i` is that of user number `k × shards + i`.
enum Seat {
    Taken {
        task: JoinHandle<()>,
        signal: Rc<Signal>,
    },
    /// The user has stopped for good; no other takes its place.
    Quit,
    /// The user died of a panic; the next order fills the place again.
    Vacant,
}

/// The users of one shard.
pub struct Keeper {
    shard: Rc<Shard>,
    index: usize,
    shards: usize,
    roster: Roster,
    factory: Factory,
    redis: Option<redis::Factory>,
    orders: mpsc::UnboundedReceiver<Order>,
    intervals: mpsc::Sender<Box<Interval>>,
    spares: mpsc::Receiver<Box<Interval>>,
    epoch: u32,
    /// Places for users; the newest sits last and leaves first.
    seats: Vec<Seat>,
    /// Most places, as ordered.
    wanted: usize,
    vacant: usize,
    /// Users that were retired and finish their task, with the moment they are cut.
    leaving: Vec<(JoinHandle<()>, Instant)>,
    /// Intervals that found the aggregator busy and must not be lost.
    backlog: VecDeque<Box<Interval>>,
    dispatcher: Option<(JoinHandle<()>, Rc<RefCell<Dealer>>)>,
}

impl Keeper {
    /// Holds nobody yet.
    pub fn new(setup: Setup) -> Self {
        let shard = Rc::new(Shard::new(&setup));
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
            roster: Roster::new(&setup.plan.classes, setup.plan.load.users),
            shard,
            factory: setup.factory,
            redis: setup.redis,
            orders: setup.orders,
            intervals: setup.intervals,
            spares: setup.spares,
            epoch: 0,
            seats: Vec::new(),
            wanted: 0,
            vacant: 0,
            leaving: Vec::new(),
            backlog: VecDeque::new(),
            dispatcher: None,
        }
    }

    /// What the users share.
    pub fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    /// True when a stop was ordered and nobody is left.
    pub fn is_over(&self) -> bool {
        self.shard.stopping.get() && self.seats.is_empty() && self.leaving.is_empty()
    }

    /// Waits for the supervisor.
    pub async fn next_order(&mut self) -> Order {
        // The supervisor is gone: nobody would ever stop us.
        self.orders.recv().await.unwrap_or(Order::Cut)
    }

    /// Does what the supervisor orders.
    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Hold(total) => self.hold(total),
            Order::Arrive(from) if self.dispatcher.is_none() && !self.shard.stopping.get() => {
                let dealt = (self.index as u64, self.shards as u64);
                let dealer = Rc::new(RefCell::new(Dealer::new(&self.shard, dealt, from)));
                let dispatch = arrivals::dispatch(Rc::clone(&self.shard), Rc::clone(&dealer));
                self.dispatcher = Some((tokio::task::spawn_local(dispatch), dealer));
            }
            Order::Arrive(_) => {}
            // A user that was spawned now would never be told to leave.
            Order::Serve(_) if self.shard.stopping.get() => self.shard.arrivals.borrow_mut().dropped += 1,
            Order::Serve(arrival) => arrivals::arrive(&self.shard, arrival),
            Order::Scale(scale, at) => {
                self.shard.pace.set(arrivals::Pace { scale, at });
                self.shard.repaced.notify_one();
            }
            Order::Pause => self.shard.pause(),
            Order::Resume => self.shard.resume(),
            Order::Stop => self.stop(),
            Order::Cut => {
                self.stop();
                for (task, _) in &self.leaving {
                    task.abort();
                }
            }
            Order::Epoch(epoch) => {
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
            self.hire_all();
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
        while self.seats.len() > self.wanted && self.retire() {}
        while self.vacant > 0 && self.refill() {}
        while self.seats.len() < self.wanted && self.spawns_at_once() && self.spawn() {}
        self.count_vacancies();
    }

    /// In an open run users come with the arrivals, but for those that come before the others.
    fn spawns_at_once(&mut self) -> bool {
        let plan = &self.shard.plan;
        if !plan.schedule.is_open() {
            return true;
        }
        let number = self.number(self.seats.len());
        self.roster.class_of(number).is_some_and(|class| self.shard.plan.classes[class].start == Start::BeforeOthers)
    }

    fn count_vacancies(&self) {
        // One that comes instead of another needs no place of its own.
        let hires = self.shard.hires.borrow().iter().filter(|hire| hire.instead_of.is_none()).count();
        let free = self.wanted.saturating_sub(self.seats.len() + hires);
        self.shard.vacancies.set(u32::try_from(free).unwrap_or(u32::MAX));
        self.shard.report_free();
    }

    fn number(&self, place: usize) -> u32 {
        u32::try_from(place * self.shards + self.index).unwrap_or(u32::MAX)
    }

    fn spawn(&mut self) -> bool {
        let Some(seat) = self.seat(self.seats.len()) else { return false };
        self.seats.push(seat);
        true
    }

    /// Spawns a user for an iteration, unless there is no place for it any more.
    fn hire(&mut self, hire: Hire) -> bool {
        let held = |seat: &Seat| match (seat, &hire.instead_of) {
            (Seat::Taken { signal, .. }, Some(other)) => Rc::ptr_eq(signal, other),
            _ => false,
        };
        let place = self.seats.iter().position(held);
        if place.is_none() && self.seats.len() >= self.wanted {
            return false;
        }
        let at = place.unwrap_or(self.seats.len());
        let seat = self.take(at, hire.class, Some(hire.due));
        match self.seats.get_mut(at) {
            Some(old) => {
                if let Seat::Taken { task, .. } = std::mem::replace(old, seat) {
                    self.leaving.push((task, self.shard.last_moment()));
                }
            }
            None => self.seats.push(seat),
        }
        true
    }

    fn hire_all(&mut self) {
        loop {
            let Some(hire) = self.shard.hires.borrow_mut().pop_front() else { break };
            if !self.hire(hire) {
                self.shard.arrivals.borrow_mut().dropped += 1;
            }
        }
    }

    fn refill(&mut self) -> bool {
        let Some(place) = self.seats.iter().position(|seat| matches!(seat, Seat::Vacant)) else {
            self.vacant = 0;
            return false;
        };
        let Some(seat) = self.seat(place) else { return false };
        self.seats[place] = seat;
        self.vacant -= 1;
        true
    }

    /// A user of the class that this place has.
    fn seat(&mut self, place: usize) -> Option<Seat> {
        let class = self.roster.class_of(self.number(place))?;
        Some(self.take(place, class, None))
    }

    fn take(&self, place: usize, class: usize, arrival: Option<Instant>) -> Seat {
        let number = self.number(place);
        let signal = Signal::with_arrival(arrival);
        let who = Identity { number, class };
        let redis = self.redis.as_ref().map(|factory| Box::new(factory.client(Rc::clone(&self.shard))));
        let clients = Clients { http: self.factory.client(), redis };
        let mut user = User::new(Rc::clone(&self.shard), who, Rc::clone(&signal), clients);
        let shard = Rc::clone(&self.shard);
        let task = tokio::task::spawn_local(async move {
            // Also when the user panics, so that the keeper looks at once.
            let _tell = Tell(shard);
            user.live().await;
        });
        Seat::Taken { task, signal }
    }

    fn retire(&mut self) -> bool {
        let Some(seat) = self.seats.pop() else { return false };
        match seat {
            Seat::Taken { task, signal } => {
                let by = self.shard.last_moment();
                signal.retire(by);
                self.leaving.push((task, by));
            }
            Seat::Vacant => self.vacant -= 1,
            Seat::Quit => {}
        }
        true
    }

    /// Looks at what users and arrivals have left to be done.
    pub fn attend(&mut self) {
        self.hire_all();
        self.count_vacancies();
        if self.shard.wants_stop() {
            self.hand_over();
        }
    }

    /// Cuts who overstays, forgets who is gone, and notes who died of a panic.
    pub fn bury(&mut self) {
        let now = Instant::now();
        let mut died = 0;
        self.leaving.retain_mut(|(task, until)| {
            if now >= *until {
                task.abort();
            }
            died += u32::from(panicked(task));
            !task.is_finished()
        });
        for seat in &mut self.seats {
            let Seat::Taken { task, .. } = seat else { continue };
            if task.is_finished() {
                // A user ends before it is told to by a step or the end of its data, else by a panic.
                let broken = panicked(task);
                *seat = if broken { Seat::Vacant } else { Seat::Quit };
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
        permit.send(fill(&self.shard, self.epoch, &self.seats, spare));
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
        fill(&self.shard, self.epoch, &self.seats, spare)
    }

    /// Hands over the rest, and ends.
    pub async fn last_handover(mut self) {
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            // Passed on while this shard ended.
            self.shard.arrivals.borrow_mut().dropped += u64::from(matches!(order, Order::Serve(_)));
        }
        let last = self.fill(None);
        for interval in self.backlog.into_iter().chain([last]) {
            // The supervisor outlives its shards; if it does not, nobody is left to read this.
            let _ = self.intervals.send(interval).await;
        }
    }
}

fn fill(shard: &Shard, epoch: u32, seats: &[Seat], spare: Option<Box<Interval>>) -> Box<Interval> {
    let mut interval = shard.fill(spare);
    interval.epoch = epoch;
    let quit = seats.iter().filter(|seat| matches!(seat, Seat::Quit)).count();
    interval.staff.seats = u32::try_from(seats.len()).unwrap_or(u32::MAX);
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

struct Tell(Rc<Shard>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.attention.notify_one();
    }
}
