//! The shards as the supervisor sees them: commands go out, and the latest report on their users comes in.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::engine::heartbeat::Heartbeat;
use crate::engine::shard_command::ShardCommand;
use crate::stats::Interval;
use crate::stats::interval::ShardUsers;

/// The supervisor's ends of one shard.
pub struct Link {
    pub commands: mpsc::UnboundedSender<ShardCommand>,
    pub spares: mpsc::Sender<Box<Interval>>,
    pub heartbeat: Arc<Heartbeat>,
    pub thread: thread::JoinHandle<()>,
}

/// All shards of a run.
pub struct Shards {
    links: Vec<Link>,
    /// Users alive on each shard, and what they do, as last reported.
    users: Vec<u32>,
    staff: Vec<ShardUsers>,
}

impl Shards {
    /// From the supervisor's ends of them.
    pub fn new(links: Vec<Link>) -> Self {
        Self { users: vec![0; links.len()], staff: vec![ShardUsers::default(); links.len()], links }
    }

    /// Sends a command to every shard.
    pub fn send(&self, command: ShardCommand) {
        for link in &self.links {
            // A shard that has ended accepts no commands.
            let _ = link.commands.send(command);
        }
    }

    /// Records what a shard reports.
    pub fn record(&mut self, interval: &Interval) {
        self.users[interval.shard] = interval.users;
        self.staff[interval.shard] = interval.shard_users;
    }

    /// Returns an interval to its shard for reuse.
    pub fn recycle(&self, interval: Box<Interval>) {
        let spares = &self.links[interval.shard].spares;
        // One to fill while this thread reads the other. More appear when it was late, and each has memory for a
        // histogram of every endpoint: they are dropped.
        if spares.capacity() == spares.max_capacity() {
            let _ = spares.try_send(interval);
        }
    }

    /// Users alive.
    pub fn alive(&self) -> u32 {
        self.users.iter().sum()
    }

    /// Users that start before the others and have finished `on_start`.
    pub fn ready(&self) -> u32 {
        self.staff.iter().map(|users| users.ready).sum()
    }

    /// How many users have stopped for good, if all have.
    pub fn deserted(&self) -> Option<u32> {
        let quit: u32 = self.staff.iter().map(|users| users.quit).sum();
        let slots: u32 = self.staff.iter().map(|users| users.slots).sum();
        (quit > 0 && slots == quit && self.alive() == 0).then_some(quit)
    }

    /// Longest time for which the heartbeat of a thread is overdue.
    pub fn overdue(&self) -> Duration {
        self.links.iter().map(|link| link.heartbeat.overdue()).max().unwrap_or_default()
    }

    /// True when a shard has ended.
    pub fn is_one_gone(&self) -> bool {
        self.links.iter().any(|link| link.thread.is_finished())
    }

    /// Waits until all have ended; true when one of them panicked.
    pub fn join(&mut self) -> bool {
        self.users.fill(0);
        self.links.drain(..).map(|link| link.thread.join().is_err()).fold(false, |a, b| a | b)
    }
}
