//! The supervisor's view of the shards: sends commands, and stores the latest report on their users.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::engine::heartbeat::Heartbeat;
use crate::engine::shard_command::ShardCommand;
use crate::stats::Interval;
use crate::stats::interval::ShardUsers;

/// The supervisor's connection to one shard.
pub struct Link {
    pub commands: mpsc::UnboundedSender<ShardCommand>,
    pub spares: mpsc::Sender<Box<Interval>>,
    pub heartbeat: Arc<Heartbeat>,
    pub thread: thread::JoinHandle<()>,
}

/// All shards of a run.
pub struct Shards {
    links: Vec<Link>,
    /// Running users of each shard, and their states, as last reported.
    users: Vec<u32>,
    states: Vec<ShardUsers>,
}

impl Shards {
    /// Creates it from the connections to the shards.
    pub fn new(links: Vec<Link>) -> Self {
        Self { users: vec![0; links.len()], states: vec![ShardUsers::default(); links.len()], links }
    }

    /// Sends a command to all shards.
    pub fn send(&self, command: ShardCommand) {
        for link in &self.links {
            // Fails only if the shard has ended.
            let _ = link.commands.send(command);
        }
    }

    /// Stores the report in an interval.
    pub fn record(&mut self, interval: &Interval) {
        self.users[interval.shard] = interval.users;
        self.states[interval.shard] = interval.shard_users;
    }

    /// Returns an interval to its shard for reuse.
    pub fn recycle(&self, interval: Box<Interval>) {
        let spares = &self.links[interval.shard].spares;
        // One spare per shard is enough: it is filled while the other interval is read. More exist only if this thread
        // was late. Each has memory for a histogram of every endpoint, so they are dropped.
        if spares.capacity() == spares.max_capacity() {
            let _ = spares.try_send(interval);
        }
    }

    /// Number of running users.
    pub fn alive(&self) -> u32 {
        self.users.iter().sum()
    }

    /// Users with `start: before_others` that have finished `on_start`.
    pub fn ready(&self) -> u32 {
        self.states.iter().map(|users| users.ready).sum()
    }

    /// Number of users that have stopped for good, if all have.
    pub fn all_quit(&self) -> Option<u32> {
        let quit: u32 = self.states.iter().map(|users| users.quit).sum();
        let slots: u32 = self.states.iter().map(|users| users.slots).sum();
        (quit > 0 && slots == quit && self.alive() == 0).then_some(quit)
    }

    /// Longest overdue time of a thread's heartbeat.
    pub fn overdue(&self) -> Duration {
        self.links.iter().map(|link| link.heartbeat.overdue()).max().unwrap_or_default()
    }

    /// True if a shard has ended.
    pub fn has_ended_shard(&self) -> bool {
        self.links.iter().any(|link| link.thread.is_finished())
    }

    /// Waits until all shards have ended; true if one of them panicked.
    pub fn join(&mut self) -> bool {
        self.users.fill(0);
        self.links.drain(..).map(|link| link.thread.join().is_err()).fold(false, |a, b| a | b)
    }
}
