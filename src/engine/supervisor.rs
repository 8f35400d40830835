//! The control thread: decides how many users there should be, owns the aggregator, publishes snapshots.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Command;
use super::ramp::Ramp;
use super::shard::{HANDOVER, Order};
use crate::scenario::plan::Load;
use crate::stats::health::Probe;
use crate::stats::snapshot::{End, Event, RunState};
use crate::stats::{Aggregator, Interval, Moment, Snapshot};

/// How often the number of users is reconsidered. Short, because users that start together keep the same rhythm and
/// would hit the server in bursts.
const STEP: Duration = Duration::from_millis(10);
/// How often an unchanged number is ordered again, so that a user that died is replaced.
const REPEAT: Duration = Duration::from_millis(250);

/// The supervisor's ends of one shard.
pub struct Link {
    pub orders: mpsc::UnboundedSender<Order>,
    pub spares: mpsc::Sender<Box<Interval>>,
    pub thread: thread::JoinHandle<()>,
}

/// What the supervisor is given.
pub struct Setup {
    pub load: Load,
    pub aggregator: Aggregator,
    pub links: Vec<Link>,
    pub commands: mpsc::Receiver<Command>,
    pub intervals: mpsc::Receiver<Box<Interval>>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
}

/// Runs until every shard has ended, then publishes the last snapshot.
pub async fn run(setup: Setup) {
    let Setup { load, aggregator, links, mut commands, mut intervals, snapshots } = setup;
    let mut control = Control::new(load, aggregator, links);
    let (mut step, mut publish) = (interval(STEP), interval(HANDOVER));
    step.set_missed_tick_behavior(MissedTickBehavior::Delay);
    publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut attended = true;
    loop {
        tokio::select! {
            command = commands.recv(), if attended => match command {
                Some(command) => control.obey(command),
                // Nobody holds the run any more: load must not go on unseen.
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

/// The running clock of a run: stands still while paused.
#[derive(Debug)]
struct RunClock {
    started: Instant,
    paused: Duration,
    since: Option<Instant>,
}

impl RunClock {
    fn elapsed(&self) -> Duration {
        let now = self.since.unwrap_or_else(Instant::now);
        now.duration_since(self.started).saturating_sub(self.paused)
    }

    fn pause(&mut self) {
        self.since = self.since.or(Some(Instant::now()));
    }

    fn resume(&mut self) {
        if let Some(since) = self.since.take() {
            self.paused += since.elapsed();
        }
    }
}

struct Control {
    load: Load,
    aggregator: Aggregator,
    links: Vec<Link>,
    ramp: Ramp,
    clock: RunClock,
    probe: Probe,
    epoch: u32,
    /// The number last ordered.
    held: u32,
    repeat_at: Instant,
    /// Users alive on each shard, as last reported.
    users: Vec<u32>,
    vu_seconds: f64,
    counted_until: Instant,
    stopping: Option<(End, Instant)>,
    cut: bool,
}

impl Control {
    fn new(load: Load, aggregator: Aggregator, links: Vec<Link>) -> Self {
        let now = Instant::now();
        Self {
            ramp: Ramp::new(load.users, load.spawn_rate),
            clock: RunClock { started: now, paused: Duration::ZERO, since: None },
            probe: Probe::new(),
            epoch: 0,
            held: 0,
            repeat_at: now,
            users: vec![0; links.len()],
            vu_seconds: 0.0,
            counted_until: now,
            stopping: None,
            cut: false,
            load,
            aggregator,
            links,
        }
    }

    fn tell(&self, order: Order) {
        for link in &self.links {
            // A shard that has ended takes no orders.
            let _ = link.orders.send(order);
        }
    }

    fn obey(&mut self, command: Command) {
        let t = self.clock.elapsed();
        match command {
            Command::SetUsers(users) => {
                self.note(format!("users {} → {users}", self.ramp.target()));
                self.ramp.retarget(users, t);
            }
            Command::SetSpawnRate(rate) => {
                self.note(format!("spawn rate {} → {rate} users/s", self.ramp.rate()));
                self.ramp.rerate(rate, t);
            }
            Command::Pause if self.clock.since.is_none() && self.stopping.is_none() => {
                self.note("paused".to_owned());
                self.clock.pause();
                self.tell(Order::Pause);
            }
            Command::Resume if self.clock.since.is_some() => {
                self.clock.resume();
                self.tell(Order::Resume);
                self.note("resumed".to_owned());
            }
            Command::Pause | Command::Resume => {}
            Command::Stop if self.stopping.is_some() => self.cut(),
            Command::Stop => self.stop(End::Stopped),
            Command::ResetStatistics => {
                self.epoch += 1;
                self.aggregator.reset(self.epoch, t);
                self.tell(Order::Epoch(self.epoch));
                self.note("statistics reset".to_owned());
            }
        }
        self.step();
    }

    fn note(&mut self, text: String) {
        let event = Event { elapsed: self.clock.elapsed(), at: SystemTime::now(), text: text.into() };
        self.aggregator.event(event);
    }

    fn stop(&mut self, why: End) {
        if self.stopping.is_some() {
            return;
        }
        // Held iterations would never finish.
        if self.clock.since.is_some() {
            self.clock.resume();
            self.tell(Order::Resume);
        }
        self.stopping = Some((why, Instant::now() + self.load.stop_timeout));
        self.tell(Order::Stop);
    }

    fn cut(&mut self) {
        self.cut = true;
        self.tell(Order::Cut);
    }

    fn step(&mut self) {
        let now = Instant::now();
        let alive: u32 = self.users.iter().sum();
        self.vu_seconds += f64::from(alive) * now.duration_since(self.counted_until).as_secs_f64();
        self.counted_until = now;
        if let Some((_, until)) = self.stopping {
            if now >= until && !self.cut {
                self.cut();
            }
            return;
        }
        if self.links.iter().any(|link| link.thread.is_finished()) {
            self.stop(End::Broken);
            return;
        }
        let t = self.clock.elapsed();
        if self.load.run_time.is_some_and(|limit| t >= limit) {
            self.stop(End::Completed);
            return;
        }
        let held = self.ramp.at(t).0;
        if held != self.held || now >= self.repeat_at {
            self.held = held;
            self.repeat_at = now + REPEAT;
            self.tell(Order::Hold(held));
        }
    }

    fn absorb(&mut self, mut interval: Box<Interval>) {
        self.users[interval.shard] = interval.users;
        self.aggregator.absorb(&mut interval);
        let spares = &self.links[interval.shard].spares;
        // One to fill while this thread reads the other. More appear when it was late, and each has room for a
        // histogram of every endpoint: they go.
        if spares.capacity() == spares.max_capacity() {
            let _ = spares.try_send(interval);
        }
    }

    fn state(&self) -> RunState {
        if self.stopping.is_some() {
            RunState::Stopping
        } else if self.clock.since.is_some() {
            RunState::Paused
        } else if self.held != self.ramp.target().0 {
            RunState::Ramping
        } else {
            RunState::Running
        }
    }

    fn snapshot(&mut self) -> Arc<Snapshot> {
        let state = self.state();
        self.snapshot_in(state)
    }

    fn last_snapshot(&mut self) -> Arc<Snapshot> {
        let broken = self.links.drain(..).map(|link| link.thread.join().is_err()).fold(false, |a, b| a | b);
        let end = if broken { End::Broken } else { self.stopping.map_or(End::Broken, |(why, _)| why) };
        self.users.fill(0);
        self.snapshot_in(RunState::Done(end))
    }

    fn snapshot_in(&mut self, state: RunState) -> Arc<Snapshot> {
        self.aggregator.snapshot(Moment {
            elapsed: self.clock.elapsed(),
            at: SystemTime::now(),
            state,
            target: if self.stopping.is_some() { 0 } else { self.ramp.target().0 },
            spawn_rate: self.ramp.rate().0,
            vu_hours: self.vu_seconds / 3_600.0,
            health: self.probe.sample(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::snapshot::RunInfo;
    use crate::units::{PerSecond, Users};

    /// A control with one shard, and that shard's end for spares.
    fn control() -> (Control, mpsc::Receiver<Box<Interval>>) {
        let load =
            Load { users: Users(1), spawn_rate: PerSecond(1.0), run_time: None, stop_timeout: Duration::from_secs(1) };
        let run = RunInfo {
            scenario: "s".into(),
            host: "h".into(),
            started: SystemTime::UNIX_EPOCH,
            run_time: None,
            classes: Vec::new(),
            seed: 0,
        };
        let (spares, spare) = mpsc::channel(4);
        let (orders, _) = mpsc::unbounded_channel();
        // A thread that has ended would break the run.
        let link = Link { orders, spares, thread: thread::spawn(thread::park) };
        (Control::new(load, Aggregator::new(run, Vec::new(), 1), vec![link]), spare)
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_control_thread_does_not_leave_spares_behind() {
        let (mut control, mut spares) = control();
        for users in 1..=4 {
            let mut interval = Box::new(Interval::new(0, 3));
            interval.users = users;
            control.absorb(interval);
        }
        assert_eq!(control.users, [4]);
        assert!(spares.try_recv().is_ok() && spares.try_recv().is_err(), "one spare is enough");
        control.absorb(Box::new(Interval::new(0, 3)));
        assert!(spares.try_recv().is_ok(), "a spare that was taken is replaced");
    }

    #[tokio::test(start_paused = true)]
    async fn paused_time_is_not_run_time() {
        let (mut control, _spares) = control();
        let second = Duration::from_secs(1);
        tokio::time::advance(second).await;
        control.obey(Command::Pause);
        control.obey(Command::Pause);
        tokio::time::advance(5 * second).await;
        assert_eq!((control.clock.elapsed(), control.state()), (second, RunState::Paused));
        control.obey(Command::Resume);
        control.obey(Command::Resume);
        tokio::time::advance(second).await;
        assert_eq!(control.clock.elapsed(), 2 * second);
    }
}
