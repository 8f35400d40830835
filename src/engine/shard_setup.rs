//! Parameters of a shard.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio::sync::mpsc;

use super::feeder::Source;
use super::heartbeat::Heartbeat;
use super::peers::Peers;
use super::shard_command::ShardCommand;
use crate::protocol::sessions::Factories;
use crate::scenario::Plan;
use crate::scenario::eval::template::Sequences;
use crate::stats::Interval;

/// Everything a shard needs; moved to its thread.
pub struct ShardSetup {
    pub index: usize,
    pub shards: usize,
    pub plan: Arc<Plan>,
    pub seed: u64,
    pub feeders: Arc<[Source]>,
    pub sequences: Arc<Sequences>,
    pub factories: Factories,
    pub others: Arc<AtomicU32>,
    pub commands: mpsc::UnboundedReceiver<ShardCommand>,
    pub peers: Peers,
    pub intervals: mpsc::Sender<Box<Interval>>,
    pub spares: mpsc::Receiver<Box<Interval>>,
    pub heartbeat: Arc<Heartbeat>,
}

#[cfg(test)]
impl ShardSetup {
    /// Shard `index` of `shards`, with unconnected channels.
    pub fn of(plan: &Arc<Plan>, index: usize, shards: usize) -> Self {
        Self {
            index,
            shards,
            plan: Arc::clone(plan),
            seed: 1,
            feeders: Arc::new([]),
            sequences: Arc::default(),
            factories: Factories::new(plan).unwrap(),
            others: Arc::default(),
            commands: mpsc::unbounded_channel().1,
            peers: Peers::none(),
            intervals: mpsc::channel(1).0,
            spares: mpsc::channel(1).1,
            heartbeat: Arc::new(Heartbeat::start()),
        }
    }
}
