//! State shared by the users of one shard.

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
use crate::scenario::eval::template::Sequences;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Interval, Recorder};

/// Request to spawn a user for an iteration.
#[derive(Debug)]
pub struct SpawnRequest {
    /// Index of its class in the plan.
    pub class: usize,
    /// Due time of the iteration.
    pub due: Instant,
    /// The idle user of another class that it replaces.
    pub instead_of: Option<Rc<Signal>>,
}

/// State shared by the users of one shard. Single-threaded, therefore cells instead of locks.
pub struct ShardState {
    pub plan: Arc<Plan>,
    pub seed: u64,
    /// One per feeder of the plan.
    pub feeders: Arc<[Source]>,
    pub sequences: Arc<Sequences>,
    pub recorder: RefCell<Recorder>,
    pub paused: Cell<bool>,
    pub resumed: Notify,
    pub users: Cell<u32>,
    /// Users with `start: before_others` that have finished `on_start`.
    pub ready: Cell<u32>,
    pub in_flight: InFlight,
    pub aborted: Cell<u64>,
    /// Step lists that ended early because their users had to leave, since the last handover.
    pub unfinished: Cell<u64>,
    /// Number of running users on all shards without `start: before_others`.
    pub others: Arc<AtomicU32>,
    /// Wakes the pool when there are requests to process.
    pub attention: Notify,
    pub stopping: Cell<bool>,
    wants_stop: Cell<bool>,
    /// Arrivals since the last handover, by outcome.
    pub arrivals: RefCell<Arrivals>,
    /// The factor on the planned arrival rate.
    pub pace: Cell<Pace>,
    /// The pace has changed.
    pub repaced: Notify,
    /// Idle users of an open model, by class. The last one gets the next iteration, because its connections were used
    /// most recently.
    pub idle_users: RefCell<Vec<Vec<Rc<Signal>>>>,
    /// Number of users that may still be spawned for arrivals.
    pub vacancies: Cell<u32>,
    /// Iterations that need a new user.
    pub spawn_requests: RefCell<VecDeque<SpawnRequest>>,
    /// Other shards, for iterations without a free user here.
    peers: Peers,
    paused_since: Cell<Option<Instant>>,
    paused_before: Cell<Duration>,
    /// Receives everything that users do; set only in a trial.
    pub observer: Option<Rc<dyn Observer>>,
    /// `None` if the system does not support it: then due times have a resolution of one millisecond.
    #[cfg(target_os = "linux")]
    timer: Option<super::timer::Timer>,
}

impl ShardState {
    /// State of a shard without users.
    pub fn new(setup: &ShardSetup) -> Self {
        Self {
            peers: setup.peers.clone(),
            recorder: RefCell::new(Recorder::new(setup.index, setup.plan.endpoints.len())),
            seed: setup.seed,
            feeders: Arc::clone(&setup.feeders),
            sequences: Arc::clone(&setup.sequences),
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

    /// Time at which a user retired now is aborted.
    pub fn abort_deadline(&self) -> Instant {
        Instant::now() + self.plan.load.stop_timeout
    }

    /// Publishes the number of iterations that could start on this shard.
    pub fn report_free(&self) {
        let idle: usize = self.idle_users.borrow().iter().map(Vec::len).sum();
        self.peers.set_free(self.vacancies.get().saturating_add(u32::try_from(idle).unwrap_or(u32::MAX)));
    }

    /// Passes an iteration to a shard with a free user, or drops it.
    pub fn pass_on(&self, arrival: Arrival) {
        // While the run stops, the other shard may end before it counts the iteration.
        if self.stopping.get() || !self.peers.pass(arrival) {
            self.arrivals.borrow_mut().dropped += 1;
        }
    }

    /// Requests the supervisor to stop the run.
    pub fn request_stop(&self) {
        self.wants_stop.set(true);
        self.attention.notify_one();
    }

    /// True after a step has requested to stop the run, until that is reported.
    pub fn wants_stop(&self) -> bool {
        self.wants_stop.get()
    }

    /// Sleeps until a due time, with the best available resolution.
    pub async fn sleep_until_due(&self, due: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer {
            return timer.sleep_until(due).await;
        }
        sleep_until(due).await;
    }

    /// Delay of the timer that is normal.
    pub fn timer_step(&self) -> Duration {
        #[cfg(target_os = "linux")]
        if self.timer.as_ref().is_some_and(super::timer::Timer::is_exact) {
            return Duration::ZERO;
        }
        // The runtime's timer rounds up to whole milliseconds and may wake one later.
        Duration::from_millis(2)
    }

    /// Runs the timer for [`Self::sleep_until_due`].
    pub async fn run_timer(&self) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer
            && let Err(error) = timer.run().await
        {
            self.recorder.borrow_mut().exception(&"timer".into(), &error.to_string());
        }
        std::future::pending().await
    }

    /// Total paused time so far.
    pub fn paused_for(&self) -> Duration {
        self.paused_before.get() + self.paused_since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Starts a pause: no new iterations.
    pub fn pause(&self) {
        self.paused.set(true);
        self.paused_since.set(self.paused_since.get().or(Some(Instant::now())));
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.paused_before.set(self.paused_for());
        self.paused_since.set(None);
        self.paused.set(false);
        self.resumed.notify_waiters();
    }

    /// Takes what was recorded since the last call.
    pub fn take_interval(&self, spare: Option<Box<Interval>>) -> Box<Interval> {
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
