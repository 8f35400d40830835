//! What the users of one shard share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::feeder::Source;
use super::in_flight::InFlight;
use super::peers::Peers;
use super::shard_command::{Arrival, Pace};
use super::shard_setup::ShardSetup;
use super::signal::Signal;
use super::trace::Observer;
use crate::scenario::Plan;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Interval, Recorder};

/// A user to be spawned for an iteration.
#[derive(Debug)]
pub struct SpawnRequest {
    /// Its class in the plan.
    pub class: usize,
    /// When the iteration was due.
    pub due: Instant,
    /// The idle user of another class that leaves for it.
    pub instead_of: Option<Rc<Signal>>,
}

/// What the users of one shard share. Single-threaded, so cells are enough.
pub struct ShardState {
    pub plan: Arc<Plan>,
    pub seed: u64,
    /// One per feeder of the plan.
    pub feeders: Arc<[Source]>,
    pub recorder: RefCell<Recorder>,
    pub paused: Cell<bool>,
    pub resumed: Notify,
    pub users: Cell<u32>,
    /// Users that start before the others and have finished `on_start`.
    pub ready: Cell<u32>,
    pub in_flight: InFlight,
    pub aborted: Cell<u64>,
    /// Lists of steps that ended before their last step, because their users had to leave; since the last handover.
    pub unfinished: Cell<u64>,
    /// Users alive on all shards that do not start before the others.
    pub others: Arc<AtomicU32>,
    /// The pool has something to process.
    pub attention: Notify,
    pub stopping: Cell<bool>,
    wants_stop: Cell<bool>,
    /// Arrivals since the last handover, by outcome.
    pub arrivals: RefCell<Arrivals>,
    /// The factor on the planned arrival rate.
    pub pace: Cell<Pace>,
    /// The pace has changed.
    pub repaced: Notify,
    /// Users of an open run that wait for an iteration, by class; the last one is the first to get work, as its connections are
    /// the warmest.
    pub idle_users: RefCell<Vec<Vec<Rc<Signal>>>>,
    /// Users that may still be spawned for arrivals.
    pub vacancies: Cell<u32>,
    /// Iterations for which a user is to be spawned.
    pub spawn_requests: RefCell<VecDeque<SpawnRequest>>,
    /// Where iterations go for which no user here is free.
    peers: Peers,
    paused_since: Cell<Option<Instant>>,
    paused_before: Cell<Duration>,
    /// Shown everything that users do; only a trial has one.
    pub observer: Option<Rc<dyn Observer>>,
    /// `None` where the system has no such timer: then due times are exact only to a millisecond.
    #[cfg(target_os = "linux")]
    timer: Option<super::timer::Timer>,
}

impl ShardState {
    /// An idle shard.
    pub fn new(setup: &ShardSetup) -> Self {
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
            aborted: Cell::new(0),
            unfinished: Cell::new(0),
            others: Arc::clone(&setup.others),
            attention: Notify::new(),
            stopping: Cell::new(false),
            wants_stop: Cell::new(false),
            arrivals: RefCell::default(),
            pace: Cell::default(),
            repaced: Notify::new(),
            idle_users: RefCell::new(vec![Vec::new(); setup.plan.classes.len()]),
            vacancies: Cell::new(0),
            spawn_requests: RefCell::default(),
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
        let idle: usize = self.idle_users.borrow().iter().map(Vec::len).sum();
        self.peers.has_free(self.vacancies.get().saturating_add(u32::try_from(idle).unwrap_or(u32::MAX)));
    }

    /// Passes an iteration on to a shard with a free user, or drops it.
    pub fn pass_on(&self, arrival: Arrival) {
        // At the end of a run the other shard may have ended before it counts the iteration.
        if self.stopping.get() || !self.peers.pass(arrival) {
            self.arrivals.borrow_mut().dropped += 1;
        }
    }

    /// Asks the supervisor to stop the run.
    pub fn ask_to_stop(&self) {
        self.wants_stop.set(true);
        self.attention.notify_one();
    }

    /// True from a step's request to stop the run until it is reported.
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
    pub fn timer_step(&self) -> Duration {
        #[cfg(target_os = "linux")]
        if self.timer.as_ref().is_some_and(super::timer::Timer::is_exact) {
            return Duration::ZERO;
        }
        // The runtime's own timer counts whole milliseconds and wakes in the one after.
        Duration::from_millis(2)
    }

    /// Runs the timer behind [`Self::sleep_until_due`].
    pub async fn keep_time(&self) {
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

    /// Begins no new iterations.
    pub fn pause(&self) {
        self.paused.set(true);
        self.paused_since.set(self.paused_since.get().or(Some(Instant::now())));
    }

    /// Begins iterations again.
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
        interval.aborted = self.aborted.take();
        interval.unfinished = self.unfinished.take();
        interval.arrivals = std::mem::take(&mut *self.arrivals.borrow_mut());
        interval.shard_users.ready = self.ready.get();
        interval.shard_users.wants_stop = self.wants_stop.take();
        interval
    }
}
