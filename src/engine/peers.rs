//! Passes arrivals to other shards when no user of this shard is free.
//!
//! Each shard publishes how many more iterations it could start, and receives arrivals only while that is not zero. The
//! number may be outdated: then the shard passes the iteration on. After as many attempts as there are shards, the
//! iteration is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc::{UnboundedSender, WeakUnboundedSender};

use super::shard_command::{Arrival, ShardCommand};

/// All shards of a run, and the index of this one.
#[derive(Debug, Clone)]
pub struct Peers {
    index: usize,
    free: Arc<[AtomicU32]>,
    /// Weak, so that shards notice when the supervisor is gone.
    commands: Arc<[WeakUnboundedSender<ShardCommand>]>,
}

impl Peers {
    /// One for each shard, in order.
    pub fn new(commands: &[UnboundedSender<ShardCommand>]) -> Vec<Self> {
        let free: Arc<[AtomicU32]> = commands.iter().map(|_| AtomicU32::new(0)).collect();
        let commands: Arc<[_]> = commands.iter().map(UnboundedSender::downgrade).collect();
        let peer = |index| Self { index, free: Arc::clone(&free), commands: Arc::clone(&commands) };
        (0..commands.len()).map(peer).collect()
    }

    /// For a run with a single shard.
    pub fn none() -> Self {
        Self { index: 0, free: Arc::new([]), commands: Arc::new([]) }
    }

    /// Publishes the number of iterations that this shard could start now.
    pub fn set_free(&self, free: u32) {
        if let Some(own) = self.free.get(self.index) {
            own.store(free, Ordering::Relaxed);
        }
    }

    /// Passes an iteration to a shard with a free user; false if there is none.
    pub fn pass(&self, arrival: Arrival) -> bool {
        let all = self.free.len();
        if arrival.passed as usize >= all {
            return false;
        }
        let others = (1..all).map(|ahead| (self.index + ahead) % all);
        let take = |free: u32| free.checked_sub(1);
        let mut available = others.filter(|at| {
            // Decremented at once, so that a burst is distributed over all shards.
            self.free[*at].fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
        });
        let passed = arrival.passed + 1;
        available.any(|at| {
            let peer = self.commands[at].upgrade();
            peer.is_some_and(|peer| peer.send(ShardCommand::Serve(Arrival { passed, ..arrival })).is_ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn iteration_is_passed_to_a_free_shard_a_limited_number_of_times() {
        let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::unbounded_channel()).unzip();
        let peers = Peers::new(&senders);
        let mut arrival = Arrival { class: 4, due: Instant::now(), passed: 0 };
        assert!(!peers[0].pass(arrival), "nobody is free");
        peers[0].set_free(9);
        assert!(!peers[0].pass(arrival), "its own are not others");
        peers[2].set_free(2);
        assert_eq!([1, 2, 3].map(|_| peers[0].pass(arrival)), [true, true, false], "as many as there are free");
        let Ok(ShardCommand::Serve(got)) = receivers[2].try_recv() else { panic!("nothing was passed on") };
        assert_eq!((got.class, got.due, got.passed), (4, arrival.due, 1));
        assert!(receivers[1].try_recv().is_err());
        arrival.passed = 3;
        peers[1].set_free(1);
        assert!(!peers[0].pass(arrival), "all have been asked");
        // A shard that has ended takes none; the next one does.
        drop(receivers.remove(1));
        peers[2].set_free(1);
        arrival.passed = 0;
        assert!(peers[0].pass(arrival) && receivers[1].try_recv().is_ok());
        assert!(!Peers::none().pass(arrival));
    }
}
