//! One OS thread with its own runtime, its own users and its own recorder. Users never move between shards.
//!
//! In: orders of the supervisor. Out: an interval of statistics every 250 ms. This file holds what the users share and
//! the loop of the thread; [`keeper`](super::keeper) holds the users.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::arrivals::{Hire, Pace};
use super::feeder::Source;
use super::heartbeat::{self, Heartbeat};
use super::in_flight::InFlight;
use super::keeper::Keeper;
use super::peers::{Arrival, Peers};
use super::trial::Observer;
use super::user::Signal;
use crate::protocol::http::Factory;
use crate::protocol::redis;
use crate::scenario::Plan;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Interval, Recorder};

/// How often what was recorded is handed over.
pub const HANDOVER: Duration = Duration::from_millis(250);

/// What the supervisor tells a shard.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// There shall be so many users on all shards together; hold the share of this one. In an open run: at most.
    Hold(u32),
    /// Iterations arrive by the plan, whose clock began then.
    Arrive(Instant),
    /// One that has arrived on a shard where nobody was free.
    Serve(Arrival),
    /// From this moment of the plan on, so many times as many iterations arrive.
    Scale(f64, Duration),
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
    /// One for each of the plan's feeders.
    pub feeders: Arc<[Source]>,
    pub recorder: RefCell<Recorder>,
    pub paused: Cell<bool>,
    pub resumed: Notify,
    pub users: Cell<u32>,
    /// Users that start before the others and are through with `on_start`.
    pub ready: Cell<u32>,
    pub in_flight: InFlight,
    pub cut: Cell<u64>,
    /// Lists of steps that ended before their last step since the last handover, because their users had to leave.
    pub unfinished: Cell<u64>,
    /// Users alive on all shards that do not start before the others.
    pub others: Arc<AtomicU32>,
    /// Something has happened that the keeper should look at.
    pub attention: Notify,
    pub stopping: Cell<bool>,
    wants_stop: Cell<bool>,
    /// What became of the arrivals since the last handover.
    pub arrivals: RefCell<Arrivals>,
    /// How many times as many iterations arrive as planned.
    pub pace: Cell<Pace>,
    /// The pace has changed.
    pub repaced: Notify,
    /// Users of an open run that wait for an iteration, by class; the last to come is the first to go, as its connections are
    /// the warmest.
    pub lounges: RefCell<Vec<Vec<Rc<Signal>>>>,
    /// Users that may still be spawned for arrivals.
    pub vacancies: Cell<u32>,
    /// Iterations for which a user is to be spawned.
    pub hires: RefCell<VecDeque<Hire>>,
    /// Where iterations go for which nobody is free.
    peers: Peers,
    paused_since: Cell<Option<Instant>>,
    paused_before: Cell<Duration>,
    /// Who looks at everything that is done; only a trial has one.
    pub observer: Option<Rc<dyn Observer>>,
    /// `None` where the system has no such timer: then due times are met to the millisecond.
    #[cfg(target_os = "linux")]
    timer: Option<super::timer::Timer>,
}

impl Shard {
    /// An idle shard.
    pub fn new(setup: &Setup) -> Self {
        Self {
            peers: setup.peers.clone(),
            recorder: RefCell::new(Recorder::new(setup.index, setup.plan.endpoints.len())),
            seed: setup.seed,
            feeders: Arc::clone(&setup.feeders),
            paused: Cell::new(false),
            resumed: Notify::new(),
            users: Cell::new(0),
            ready: Cell::new(0),
            in_flight: InFlight::default(),
            cut: Cell::new(0),
            unfinished: Cell::new(0),
            others: Arc::clone(&setup.others),
            attention: Notify::new(),
            stopping: Cell::new(false),
            wants_stop: Cell::new(false),
            arrivals: RefCell::default(),
            pace: Cell::default(),
            repaced: Notify::new(),
            lounges: RefCell::new(vec![Vec::new(); setup.plan.classes.len()]),
            vacancies: Cell::new(0),
            hires: RefCell::default(),
            paused_since: Cell::new(None),
            paused_before: Cell::new(Duration::ZERO),
            observer: None,
            #[cfg(target_os = "linux")]
            timer: super::timer::Timer::new().ok(),
            plan: Arc::clone(&setup.plan),
        }
    }

    /// When a user that is told to leave now is aborted, be it because the run stops or because there are to be fewer users.
    pub fn last_moment(&self) -> Instant {
        Instant::now() + self.plan.load.stop_timeout
    }

    /// Tells the other shards how many iterations could begin here.
    pub fn report_free(&self) {
        let idle: usize = self.lounges.borrow().iter().map(Vec::len).sum();
        self.peers.has_free(self.vacancies.get().saturating_add(u32::try_from(idle).unwrap_or(u32::MAX)));
    }

    /// Passes an iteration on to a shard that has somebody free, or drops it.
    pub fn pass_on(&self, arrival: Arrival) {
        // At the end of a run nobody may be left there to answer for it.
        if self.stopping.get() || !self.peers.pass(arrival) {
            self.arrivals.borrow_mut().dropped += 1;
        }
    }

    /// Asks the supervisor to stop the run.
    pub fn ask_to_stop(&self) {
        self.wants_stop.set(true);
        self.attention.notify_one();
    }

    /// True while nobody has been told that a step asked for the end.
    pub fn wants_stop(&self) -> bool {
        self.wants_stop.get()
    }

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

    /// Holds new iterations.
    pub fn pause(&self) {
        self.paused.set(true);
        self.paused_since.set(self.paused_since.get().or(Some(Instant::now())));
    }

    /// Goes on.
    pub fn resume(&self) {
        self.paused_before.set(self.paused_for());
        self.paused_since.set(None);
        self.paused.set(false);
        self.resumed.notify_waiters();
    }

    /// What was recorded since the last time, ready to be handed over.
    pub fn fill(&self, spare: Option<Box<Interval>>) -> Box<Interval> {
        let mut interval = self.recorder.borrow_mut().swap(spare);
        interval.users = self.users.get();
        interval.in_flight = self.in_flight.count();
        interval.oldest = self.in_flight.oldest(std::time::Instant::now());
        interval.cut = self.cut.take();
        interval.unfinished = self.unfinished.take();
        interval.arrivals = std::mem::take(&mut *self.arrivals.borrow_mut());
        interval.staff.ready = self.ready.get();
        interval.staff.wants_stop = self.wants_stop.take();
        interval
    }
}

/// Everything a shard needs to run; moved onto its thread.
pub struct Setup {
    pub index: usize,
    pub shards: usize,
    pub plan: Arc<Plan>,
    pub seed: u64,
    pub feeders: Arc<[Source]>,
    pub factory: Factory,
    pub redis: Option<redis::Factory>,
    pub others: Arc<AtomicU32>,
    pub orders: mpsc::UnboundedReceiver<Order>,
    pub peers: Peers,
    pub intervals: mpsc::Sender<Box<Interval>>,
    pub spares: mpsc::Receiver<Box<Interval>>,
    pub heartbeat: Arc<Heartbeat>,
}

/// Runs until stopped and empty, or cut. The last interval is handed over before the channel closes.
pub async fn run(setup: Setup) {
    let heartbeat = Arc::clone(&setup.heartbeat);
    let mut keeper = Keeper::new(setup);
    let shard = Rc::clone(keeper.shard());
    let mut handover = interval(HANDOVER);
    handover.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let probe = tokio::task::spawn_local(probe(Rc::clone(&shard), Arc::clone(&heartbeat)));
    let timed = Rc::clone(&shard);
    let time = tokio::task::spawn_local(async move { timed.keep_time().await });
    while !keeper.is_over() {
        tokio::select! {
            order = keeper.next_order() => keeper.obey(order),
            _ = handover.tick() => keeper.hand_over(),
            () = shard.attention.notified() => keeper.attend(),
        }
        keeper.bury();
    }
    probe.abort();
    time.abort();
    heartbeat.end();
    keeper.last_handover().await;
}

async fn probe(shard: Rc<Shard>, sign: Arc<Heartbeat>) {
    loop {
        sign.beat();
        let due = Instant::now() + heartbeat::EVERY;
        shard.sleep_until_due(due).await;
        // What the timer itself rounds up is no sign of strain.
        let lag = due.elapsed().saturating_sub(shard.timer_step());
        shard.recorder.borrow_mut().timer_lag(lag);
    }
}
