//! One OS thread with its own runtime, its own users and its own recorder. Users never move between shards.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::roster::Roster;
use super::user::{Signal, User};
use crate::protocol::http::Factory;
use crate::scenario::Plan;
use crate::stats::{Interval, Recorder};

/// How often what was recorded is handed over.
pub const HANDOVER: Duration = Duration::from_millis(250);
/// The timer whose lag tells whether this thread keeps up.
const PROBE: Duration = Duration::from_millis(10);

/// What the supervisor tells a shard.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// There shall be so many users on all shards together; hold the share of this one.
    Hold(u32),
    /// Hold new iterations.
    Pause,
    /// Go on.
    Resume,
    /// Retire every user, and end when the last is gone.
    Stop,
    /// Abort whatever still runs, and end.
    Cut,
    /// Start the statistics anew, with this number.
    Epoch(u32),
}

/// What the users of one shard share. Single-threaded, so plain cells do.
pub struct Shard {
    pub plan: Arc<Plan>,
    pub seed: u64,
    pub recorder: RefCell<Recorder>,
    pub paused: Cell<bool>,
    pub resumed: Notify,
    pub users: Cell<u32>,
    pub in_flight: Cell<u32>,
    pub cut: Cell<u64>,
    paused_since: Cell<Option<Instant>>,
    paused_before: Cell<Duration>,
    /// `None` where the system has no such timer: then due times are met to the millisecond.
    #[cfg(target_os = "linux")]
    timer: Option<super::timer::Timer>,
}

impl Shard {
    /// Sleeps until a due time, as exactly as the system can.
    pub async fn sleep_until_due(&self, due: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer {
            return timer.sleep_until(due).await;
        }
        sleep_until(due).await;
    }

    /// By how much a timer may be late without anything being wrong.
    fn timer_step(&self) -> Duration {
        #[cfg(target_os = "linux")]
        if self.timer.as_ref().is_some_and(super::timer::Timer::is_exact) {
            return Duration::ZERO;
        }
        // The runtime's own timer counts whole milliseconds and wakes in the one after.
        Duration::from_millis(2)
    }

    /// Keeps the timer behind [`Self::sleep_until_due`] going.
    async fn keep_time(&self) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer
            && let Err(error) = timer.run().await
        {
            self.recorder.borrow_mut().exception(&"timer".into(), &error.to_string());
        }
        std::future::pending().await
    }

    /// Paused time so far.
    pub fn paused_for(&self) -> Duration {
        self.paused_before.get() + self.paused_since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn pause(&self) {
        self.paused.set(true);
        self.paused_since.set(self.paused_since.get().or(Some(Instant::now())));
    }

    fn resume(&self) {
        self.paused_before.set(self.paused_for());
        self.paused_since.set(None);
        self.paused.set(false);
        self.resumed.notify_waiters();
    }
}

/// Everything a shard needs to run; moved onto its thread.
pub struct Setup {
    pub index: usize,
    pub shards: usize,
    pub plan: Arc<Plan>,
    pub seed: u64,
    pub factory: Factory,
    pub orders: mpsc::UnboundedReceiver<Order>,
    pub intervals: mpsc::Sender<Box<Interval>>,
    pub spares: mpsc::Receiver<Box<Interval>>,
}

/// Runs until stopped and empty, or cut. The last interval is handed over before the channel closes.
pub async fn run(setup: Setup) {
    let mut keeper = Keeper::new(setup);
    let mut handover = interval(HANDOVER);
    handover.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let probe = tokio::task::spawn_local(probe(Rc::clone(&keeper.shard)));
    let shard = Rc::clone(&keeper.shard);
    let time = tokio::task::spawn_local(async move { shard.keep_time().await });
    while !keeper.is_over() {
        tokio::select! {
            order = keeper.orders.recv() => match order {
                Some(order) => keeper.obey(order),
                // The supervisor is gone: nobody would ever stop us.
                None => keeper.obey(Order::Cut),
            },
            _ = handover.tick() => keeper.hand_over(),
            () = keeper.gone.notified() => {}
        }
        keeper.bury();
    }
    probe.abort();
    time.abort();
    keeper.last_handover().await;
}

async fn probe(shard: Rc<Shard>) {
    loop {
        let due = Instant::now() + PROBE;
        shard.sleep_until_due(due).await;
        // What the timer itself rounds up is no sign of strain.
        let lag = due.elapsed().saturating_sub(shard.timer_step());
        shard.recorder.borrow_mut().timer_lag(lag);
    }
}

struct Seat {
    task: JoinHandle<()>,
    signal: Rc<Signal>,
}

/// Holds as many users as ordered.
struct Keeper {
    shard: Rc<Shard>,
    index: usize,
    shards: usize,
    roster: Roster,
    factory: Factory,
    orders: mpsc::UnboundedReceiver<Order>,
    intervals: mpsc::Sender<Box<Interval>>,
    spares: mpsc::Receiver<Box<Interval>>,
    epoch: u32,
    /// Users at work; the newest sits last and leaves first.
    seats: Vec<Seat>,
    /// Users that were retired and finish their task, with the moment they are cut.
    leaving: Vec<(JoinHandle<()>, Instant)>,
    gone: Rc<Notify>,
    stopping: bool,
}

impl Keeper {
    fn new(setup: Setup) -> Self {
        let shard = Shard {
            recorder: RefCell::new(Recorder::new(setup.index, setup.plan.endpoints.len())),
            seed: setup.seed,
            paused: Cell::new(false),
            resumed: Notify::new(),
            users: Cell::new(0),
            in_flight: Cell::new(0),
            cut: Cell::new(0),
            paused_since: Cell::new(None),
            paused_before: Cell::new(Duration::ZERO),
            #[cfg(target_os = "linux")]
            timer: super::timer::Timer::new().ok(),
            plan: setup.plan,
        };
        Self {
            index: setup.index,
            shards: setup.shards,
            roster: Roster::new(&shard.plan.classes),
            shard: Rc::new(shard),
            factory: setup.factory,
            orders: setup.orders,
            intervals: setup.intervals,
            spares: setup.spares,
            epoch: 0,
            seats: Vec::new(),
            leaving: Vec::new(),
            gone: Rc::default(),
            stopping: false,
        }
    }

    fn is_over(&self) -> bool {
        self.stopping && self.seats.is_empty() && self.leaving.is_empty()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Hold(total) => self.hold(total),
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
                self.hand_over();
                self.epoch = epoch;
                *self.shard.recorder.borrow_mut() = Recorder::new(self.index, self.shard.plan.endpoints.len());
            }
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        while self.retire() {}
    }

    /// User numbers are dealt to the shards in turn.
    fn hold(&mut self, total: u32) {
        let wanted = (total as usize + self.shards - 1 - self.index) / self.shards;
        // Users are retired newest first: the oldest hold warm connections, and dropping those would make a small
        // decrease look like a latency spike.
        while self.seats.len() > wanted && self.retire() {}
        while self.seats.len() < wanted && !self.stopping && self.spawn() {}
    }

    fn spawn(&mut self) -> bool {
        let number = (self.seats.len() * self.shards + self.index) as u32;
        let Some(class) = self.roster.class_of(number) else { return false };
        let user = User::new(Rc::clone(&self.shard), number, class, self.factory.client());
        let signal = user.signal();
        let gone = Rc::clone(&self.gone);
        let task = tokio::task::spawn_local(async move {
            // Also when the user panics, so that the keeper looks at once.
            let _tell = Tell(gone);
            user.live().await;
        });
        self.seats.push(Seat { task, signal });
        true
    }

    fn retire(&mut self) -> bool {
        let Some(seat) = self.seats.pop() else { return false };
        seat.signal.retire();
        self.leaving.push((seat.task, Instant::now() + self.shard.plan.load.stop_timeout));
        true
    }

    /// Cuts who overstays, forgets who is gone, and notes who died of a panic.
    fn bury(&mut self) {
        let now = Instant::now();
        let mut died = 0;
        self.leaving.retain_mut(|(task, until)| {
            if now >= *until {
                task.abort();
            }
            died += u32::from(panicked(task));
            !task.is_finished()
        });
        // A user ends before it is told to only by a panic. Its seat is filled again by the next order.
        if self.seats.iter().any(|seat| seat.task.is_finished()) {
            let before = self.seats.len();
            self.seats.retain(|seat| !seat.task.is_finished());
            died += (before - self.seats.len()) as u32;
        }
        for _ in 0..died {
            self.shard.recorder.borrow_mut().exception(&"user".into(), "a simulated user died of an internal error");
        }
    }

    fn hand_over(&mut self) {
        // A busy aggregator costs nothing: the interval goes on and is handed over next time.
        let Ok(permit) = self.intervals.try_reserve() else { return };
        let spare = self.spares.try_recv().ok();
        permit.send(fill(&self.shard, self.epoch, spare));
    }

    async fn last_handover(self) {
        let interval = fill(&self.shard, self.epoch, None);
        // The supervisor outlives its shards; if it does not, nobody is left to read this.
        let _ = self.intervals.send(interval).await;
    }
}

fn fill(shard: &Shard, epoch: u32, spare: Option<Box<Interval>>) -> Box<Interval> {
    let mut interval = shard.recorder.borrow_mut().swap(spare);
    interval.epoch = epoch;
    interval.users = shard.users.get();
    interval.in_flight = shard.in_flight.get();
    interval.cut = shard.cut.take();
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

struct Tell(Rc<Notify>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
