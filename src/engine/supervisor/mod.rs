//! The control thread: computes the number of users, owns the aggregator, and publishes snapshots.
//!
//! Input: commands, and intervals of the shards. Output: commands to the shards, and a snapshot every 250 ms.

mod events;
mod filling;
mod prefilled;
mod shards;
mod snapshot;
mod warmup;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

pub use self::filling::Filling;
use self::filling::Progress;
pub use self::shards::Link;
use self::shards::Shards;
use self::warmup::WarmUp;
use super::Command;
use super::class_assignment::ClassAssignment;
use super::clock::RunClock;
use super::load_controller::LoadController;
use super::shard::HANDOVER;
use super::shard_command::ShardCommand;
use crate::scenario::Plan;
use crate::scenario::estimate;
use crate::scenario::plan::{Class, Load};
use crate::stats::health::Probe;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::{End, RunEvent};
use crate::stats::{Aggregator, Interval, Snapshot};
use crate::units;
use crate::verdict::{DriftDetector, Judge};

/// Interval of updates of the number of users. Short, because users that start together would send requests in bursts.
const STEP: Duration = Duration::from_millis(10);
/// Interval at which an unchanged number is sent again, so that users that panicked are replaced.
const REPEAT: Duration = Duration::from_millis(250);
/// Time after which every shard has processed a command.
const SETTLED: Duration = Duration::from_millis(600);

/// Parameters of the supervisor.
pub struct SupervisorSetup {
    pub plan: Arc<Plan>,
    pub aggregator: Aggregator,
    pub links: Vec<Link>,
    pub commands: mpsc::Receiver<Command>,
    pub intervals: mpsc::Receiver<Box<Interval>>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Figures that the Redis server reports about itself.
    pub server: watch::Receiver<Option<ServerFigures>>,
    /// Commands before the users.
    pub filling: Option<Filling>,
}

/// Runs until all shards have ended, then publishes the last snapshot.
pub async fn run(setup: SupervisorSetup) {
    let SupervisorSetup { plan, aggregator, links, mut commands, mut intervals, snapshots, server, filling } = setup;
    let mut control = Control::new(plan, aggregator, links);
    filling.iter().for_each(|filling| control.hold_for(filling));
    let mut filling = filling.map(|filling| filling.work);
    control.server = Some(server);
    for words in estimate::remarks(&control.plan) {
        control.add_note(words);
    }
    // Halfway between two handovers of the shards, so that each closed second contains four of them.
    let (mut step, mut publish) = (interval(STEP), interval_at(Instant::now() + HANDOVER / 2, HANDOVER));
    step.set_missed_tick_behavior(MissedTickBehavior::Delay);
    publish.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut attended = true;
    loop {
        if control.stopping.is_some() {
            filling::abort(&mut filling);
        }
        tokio::select! {
            result = filling::end_of(&mut filling) => {
                filling = None;
                control.prefilled(result);
            }
            command = commands.recv(), if attended => match command {
                Some(command) => control.handle(command),
                // All handles were dropped: load must not continue unattended.
                None => {
                    attended = false;
                    control.stop(End::Stopped);
                }
            },
            received = intervals.recv() => match received {
                Some(interval) => control.absorb(interval),
                None => break,
            },
            _ = step.tick() => control.step(),
            _ = publish.tick() => { snapshots.send_replace(control.snapshot()); }
        }
    }
    snapshots.send_replace(control.last_snapshot());
}

struct Control {
    plan: Arc<Plan>,
    load: Load,
    aggregator: Aggregator,
    shards: Shards,
    controller: LoadController,
    clock: RunClock,
    probe: Probe,
    epoch: u32,
    /// Number of users last sent to the shards.
    ordered: u32,
    users_since: Instant,
    repeat_at: Instant,
    /// Number of users that start before the others.
    early: u32,
    /// Maximum number of users of all classes.
    capacity: u32,
    /// Arrivals have been started.
    arrivals_started: bool,
    stage: Option<usize>,
    warm_up: WarmUp,
    /// Events after the end of a warm-up, which is reported before them and later.
    held: Vec<RunEvent>,
    vu_seconds: f64,
    counted_until: Instant,
    stopping: Option<(End, Instant)>,
    server: Option<watch::Receiver<Option<ServerFigures>>>,
    prefill: Option<Progress>,
    judge: Judge,
    drifts: DriftDetector,
    /// Users were aborted.
    aborted: bool,
}

impl Control {
    fn new(plan: Arc<Plan>, mut aggregator: Aggregator, links: Vec<Link>) -> Self {
        let now = Instant::now();
        let early = ClassAssignment::new(&plan.classes, plan.load.users).early();
        let is_warm = plan.schedule.is_warm_up(Duration::ZERO);
        if is_warm {
            aggregator.warm_up(0, Duration::ZERO);
        }
        Self {
            controller: LoadController::new(&plan, early),
            clock: RunClock::start(),
            probe: Probe::new(),
            epoch: 0,
            ordered: 0,
            users_since: now,
            repeat_at: now,
            early: early.0,
            capacity: capacity(&plan),
            arrivals_started: false,
            stage: None,
            warm_up: WarmUp::new(is_warm, links.len()),
            held: Vec::new(),
            vu_seconds: 0.0,
            counted_until: now,
            stopping: None,
            server: None,
            prefill: None,
            judge: Judge::new(&plan),
            drifts: DriftDetector::default(),
            aborted: false,
            load: plan.load,
            plan,
            aggregator,
            shards: Shards::new(links),
        }
    }

    fn handle(&mut self, command: Command) {
        // Users are counted up to a pause.
        self.count_users(Instant::now());
        let t = self.clock.elapsed();
        match command {
            Command::SetUsers(users) => {
                let what = if self.is_open() { "most users" } else { "users" };
                self.add_load_change(format!("{what} {} → {users}", self.controller.target(t)));
                self.controller.set_users(users, t);
            }
            Command::SetSpawnRate(rate) => {
                let (what, unit) = if self.is_open() { ("arrivals", "/s") } else { ("spawn rate", " users/s") };
                self.add_load_change(format!("{what} {} → {rate}{unit}", self.controller.rate(t)));
                if let Some(scale) = self.controller.set_rate(rate, t) {
                    self.shards.send(ShardCommand::Scale(scale, self.controller.plan_time(t)));
                }
            }
            Command::FollowPlan => {
                if self.controller.is_steered() {
                    self.add_load_change("following the plan again".to_owned());
                }
                self.controller.follow(t);
                if self.is_open() {
                    self.shards.send(ShardCommand::Scale(1.0, self.controller.plan_time(t)));
                }
            }
            Command::Pause if !self.clock.is_paused() && self.stopping.is_none() => {
                self.add_load_change("paused".to_owned());
                self.clock.pause();
                self.shards.send(ShardCommand::Pause);
            }
            Command::Resume if self.clock.is_paused() && !self.is_prefilling() => {
                self.clock.resume();
                self.shards.send(ShardCommand::Resume);
                self.add_load_change("resumed".to_owned());
            }
            Command::Pause | Command::Resume => {}
            Command::Stop if self.stopping.is_some() => self.abort(),
            Command::Stop => self.stop(End::Stopped),
            Command::ResetStatistics => {
                self.next_epoch();
                self.aggregator.reset(self.epoch, t);
                if self.warm_up.is_warm() {
                    self.aggregator.warm_up(self.epoch, t);
                }
                self.add_note("statistics reset".to_owned());
            }
        }
        self.step();
    }

    fn is_open(&self) -> bool {
        self.plan.schedule.is_open()
    }

    fn next_epoch(&mut self) {
        self.epoch += 1;
        self.shards.send(ShardCommand::Epoch(self.epoch));
    }

    fn stop(&mut self, why: End) {
        if self.stopping.is_some() {
            return;
        }
        // Iterations held by a pause would never finish.
        if self.clock.is_paused() {
            self.clock.resume();
            self.shards.send(ShardCommand::Resume);
        }
        self.stopping = Some((why, Instant::now() + self.load.stop_timeout));
        self.shards.send(ShardCommand::Stop);
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.shards.send(ShardCommand::Abort);
    }

    fn step(&mut self) {
        let now = Instant::now();
        self.count_users(now);
        if let Some((_, until)) = self.stopping {
            if now >= until && !self.aborted {
                self.abort();
            }
            return;
        }
        if self.is_prefilling() {
            return;
        }
        if self.shards.has_ended_shard() {
            self.stop(End::Broken);
            return;
        }
        let t = self.clock.elapsed();
        if self.is_finished(t) {
            self.stop(End::Completed);
            return;
        }
        if let Some(budget) = self.plan.vu_budget.filter(|budget| self.vu_seconds >= budget * 3_600.0) {
            self.add_note(format!("stopped: the budget of {budget} VU-hours is used up"));
            self.stop(End::Budget);
            return;
        }
        self.begin_others(t);
        self.enter_stage(t);
        let users = self.controller.at(t).0;
        if users != self.ordered || now >= self.repeat_at {
            if users != self.ordered {
                self.users_since = now;
            }
            self.ordered = users;
            self.repeat_at = now + REPEAT;
            self.shards.send(ShardCommand::SetUsers(users));
        }
        self.start_arrivals(t, now);
    }

    /// Integrates the number of users over time, except during pauses.
    fn count_users(&mut self, now: Instant) {
        if !self.clock.is_paused() {
            self.vu_seconds += f64::from(self.shards.alive()) * now.duration_since(self.counted_until).as_secs_f64();
        }
        self.counted_until = now;
    }

    /// True after the planned time, or when all users have stopped for good.
    fn is_finished(&mut self, t: Duration) -> bool {
        let planned = if self.plan.schedule.is_shaped() {
            let length = self.load.run_time.or(self.plan.schedule.length());
            length.is_some_and(|length| !self.controller.is_held() && self.controller.plan_time(t) >= length)
        } else {
            self.load.run_time.is_some_and(|limit| t >= limit)
        };
        if planned {
            return true;
        }
        let all_quit = self.shards.all_quit().is_some_and(|quit| quit >= self.ordered.min(self.capacity))
            && self.ordered == self.controller.at(t).0
            && self.users_since.elapsed() >= SETTLED
            && self.controller.is_settled(t);
        if all_quit {
            self.add_note("every user has stopped".to_owned());
        }
        all_quit
    }

    /// Starts the other users when those that start before them are ready.
    fn begin_others(&mut self, t: Duration) {
        if self.controller.is_held() {
            let ready = self.shards.ready();
            if ready < self.early.min(self.controller.target(t).0) {
                return;
            }
            self.controller.open(t);
            let are = if ready == 1 { "is" } else { "are" };
            self.add_load_change(format!("{} {are} ready: the others start", units::counted(ready.into(), "user")));
        }
    }

    /// Starts the arrivals, after the shards know their maximum number of users.
    fn start_arrivals(&mut self, t: Duration, now: Instant) {
        if self.is_open() && !self.arrivals_started && !self.controller.is_held() {
            self.arrivals_started = true;
            self.shards.send(ShardCommand::Arrive(now - (t.saturating_sub(self.controller.began()))));
        }
    }

    fn enter_stage(&mut self, t: Duration) {
        let schedule = &self.plan.schedule;
        let planned = self.controller.plan_time(t);
        let (stage, is_warm) = (schedule.stage_at(planned), schedule.is_warm_up(planned));
        // One time for all that happens here: the events are in order.
        let now = self.clock.elapsed();
        if stage != self.stage {
            self.stage = stage;
            let name = stage.and_then(|index| schedule.stages().get(index)).map(|stage| Arc::clone(&stage.name));
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                self.add_event(now, format!("stage: {name}"), true);
            }
        }
        if self.warm_up.turns(is_warm) {
            self.next_epoch();
            if is_warm {
                self.aggregator.warm_up(self.epoch, t);
                self.add_event(now, "warm-up: requests are not counted until it is over".to_owned(), false);
            } else {
                self.aggregator.end_warm_up(self.epoch, t);
                self.warm_up.ended(self.epoch, (now, SystemTime::now()));
            }
        }
    }

    fn absorb(&mut self, mut interval: Box<Interval>) {
        let (shard, epoch, wants_stop) = (interval.shard, interval.epoch, interval.shard_users.wants_stop);
        self.shards.record(&interval);
        self.aggregator.absorb(&mut interval);
        if let Some((elapsed, at)) = self.warm_up.reported(shard, epoch) {
            let left_out = units::counted(self.aggregator.left_out(), "request");
            let text = format!("warm-up over: {left_out} not counted").into();
            self.aggregator.event(RunEvent { elapsed, at, text, is_load_change: false });
            self.release_events();
        }
        if wants_stop && self.stopping.is_none() {
            self.add_note("stopped by a step of the scenario".to_owned());
            self.stop(End::Stopped);
        }
        self.shards.recycle(interval);
    }
}

/// Maximum number of users of all classes; unlimited if a class has no fixed count, and in an open model.
fn capacity(plan: &Plan) -> u32 {
    let has_share = |class: &Class| class.fixed_count.is_none() && class.weight > 0;
    if plan.schedule.is_open() || plan.classes.iter().any(has_share) {
        return u32::MAX;
    }
    plan.classes.iter().filter_map(|class| class.fixed_count).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests;
