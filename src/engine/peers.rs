//! The other shards as one shard sees them: where an iteration goes that arrives while no user here is free.
//!
//! Each shard publishes how many more iterations it could serve, and receives some only while that is not zero. The
//! number may be outdated: then the shard passes the iteration on. After as many attempts as there are shards the
//! iteration is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc::{UnboundedSender, WeakUnboundedSender};

use super::shard_command::{Arrival, ShardCommand};

/// All shards of a run, and which of them this one is.
#[derive(Debug, Clone)]
pub struct Peers {
    index: usize,
    free: Arc<[AtomicU32]>,
    /// Weak, so that the shards notice when the supervisor is gone.
    commands: Arc<[WeakUnboundedSender<ShardCommand>]>,
}

impl Peers {
    /// One for each shard, in their order.
    pub fn new(commands: &[UnboundedSender<ShardCommand>]) -> Vec<Self> {
        let free: Arc<[AtomicU32]> = commands.iter().map(|_| AtomicU32::new(0)).collect();
        let commands: Arc<[_]> = commands.iter().map(UnboundedSender::downgrade).collect();
        let peer = |index| Self { index, free: Arc::clone(&free), commands: Arc::clone(&commands) };
        (0..commands.len()).map(peer).collect()
    }

    /// For a run with one shard.
    pub fn none() -> Self {
        Self { index: 0, free: Arc::new([]), commands: Arc::new([]) }
    }

    /// Publishes how many iterations this shard could begin now.
    pub fn has_free(&self, free: u32) {
        if let Some(own) = self.free.get(self.index) {
            own.store(free, Ordering::Relaxed);
        }
    }

    /// Passes an iteration on to a shard with a free user; false when there is none.
    pub fn pass(&self, arrival: Arrival) -> bool {
        let all = self.free.len();
        if arrival.passed as usize >= all {
            return false;
        }
        let others = (1..all).map(|ahead| (self.index + ahead) % all);
        let take = |free: u32| free.checked_sub(1);
        let mut willing = others.filter(|at| {
            // Taken at once, so that many in a row do not all go to one place.
            self.free[*at].fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
        });
        let passed = arrival.passed + 1;
        willing.any(|at| {
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
    async fn an_iteration_goes_to_a_shard_with_a_free_user_and_not_forever() {
        let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::unbounded_channel()).unzip();
        let peers = Peers::new(&senders);
        let mut arrival = Arrival { class: 4, due: Instant::now(), passed: 0 };
        assert!(!peers[0].pass(arrival), "nobody is free");
        peers[0].has_free(9);
        assert!(!peers[0].pass(arrival), "its own are not others");
        peers[2].has_free(2);
        assert_eq!([1, 2, 3].map(|_| peers[0].pass(arrival)), [true, true, false], "as many as there are free");
        let Ok(ShardCommand::Serve(got)) = receivers[2].try_recv() else { panic!("nothing was passed on") };
        assert_eq!((got.class, got.due, got.passed), (4, arrival.due, 1));
        assert!(receivers[1].try_recv().is_err());
        arrival.passed = 3;
        peers[1].has_free(1);
        assert!(!peers[0].pass(arrival), "all have been asked");
        // One that has ended takes none, the next does.
        drop(receivers.remove(1));
        peers[2].has_free(1);
        arrival.passed = 0;
        assert!(peers[0].pass(arrival) && receivers[1].try_recv().is_ok());
        assert!(!Peers::none().pass(arrival));
    }
}
