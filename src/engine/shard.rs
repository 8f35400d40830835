//! One OS thread with its own runtime, users and recorder. Users never move between shards.
//!
//! Input: commands of the supervisor. Output: an interval of statistics every 250 ms. This file contains the main loop.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::heartbeat::{self, Heartbeat};
use super::pool::{PoolEvent, UserPool};
use super::shard_setup::ShardSetup;
use super::shard_state::ShardState;

/// Interval of handovers to the aggregator.
pub const HANDOVER: Duration = Duration::from_millis(250);

/// Runs until stopped and all users have ended, or until aborted. Hands over the last interval before the channel
/// closes.
pub async fn run(setup: ShardSetup) {
    let heartbeat = Arc::clone(&setup.heartbeat);
    let mut pool = UserPool::new(setup);
    let shard = Rc::clone(pool.shard());
    let mut handover = interval(HANDOVER);
    handover.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let probe = tokio::task::spawn_local(probe(Rc::clone(&shard), Arc::clone(&heartbeat)));
    let timed = Rc::clone(&shard);
    let time = tokio::task::spawn_local(async move { timed.run_timer().await });
    while !pool.is_over() {
        tokio::select! {
            event = pool.next_event() => match event {
                PoolEvent::Command(command) => pool.handle(command),
                PoolEvent::Ended(ended) => pool.remove(ended),
            },
            _ = handover.tick() => pool.hand_over(),
            () = shard.attention.notified() => pool.process_pending(),
        }
        pool.reap();
    }
    probe.abort();
    time.abort();
    heartbeat.end();
    pool.last_handover().await;
}

async fn probe(shard: Rc<ShardState>, sign: Arc<Heartbeat>) {
    loop {
        sign.beat();
        let due = Instant::now() + heartbeat::EVERY;
        shard.sleep_until_due(due).await;
        // The timer's own rounding does not mean overload.
        let lag = due.elapsed().saturating_sub(shard.timer_step());
        shard.recorder.borrow_mut().timer_lag(lag);
    }
}
