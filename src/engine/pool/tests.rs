use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::slots::Slot;
use super::*;
use crate::engine::shard_command::Arrival;
use crate::scenario::{Overrides, Scenario};

fn pool() -> (UserPool, mpsc::UnboundedSender<ShardCommand>) {
    pool_of("stop_timeout: 2s\ntasks: [{ steps: [{ wait: 1h }] }]")
}

fn pool_of(text: &str) -> (UserPool, mpsc::UnboundedSender<ShardCommand>) {
    let text = format!("host: http://h\n{text}");
    let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
    let (supervisor, commands) = mpsc::unbounded_channel();
    (UserPool::new(ShardSetup { commands, ..ShardSetup::of(&Arc::new(plan), 0, 1) }), supervisor)
}

async fn ended(pool: &mut UserPool) {
    match pool.next_event().await {
        PoolEvent::Ended(ended) => pool.remove(ended),
        PoolEvent::Command(command) => panic!("{command:?}"),
    }
}

/// Number of panics reported since the last call.
fn panics(pool: &UserPool) -> usize {
    format!("{:?}", pool.shard.recorder.borrow_mut().swap(None)).matches("crashed (internal error)\", 1").count()
}

#[tokio::test(start_paused = true)]
async fn leaving_users_are_removed_when_they_end() {
    let (mut pool, _supervisor) = pool();
    LocalSet::new()
        .run_until(async {
            pool.handle(ShardCommand::SetUsers(3));
            // Until the users are in their wait.
            tokio::time::sleep(Duration::from_millis(1)).await;
            pool.handle(ShardCommand::SetUsers(1));
            let from = Instant::now();
            assert_eq!((pool.slots.len(), pool.leaving.len()), (1, 2));
            ended(&mut pool).await;
            ended(&mut pool).await;
            assert!(from.elapsed() < Duration::from_millis(2), "{:?}", from.elapsed());
            assert_eq!((pool.slots.len(), pool.leaving.len(), pool.shard.users.get()), (1, 0, 1));
        })
        .await;
    assert_eq!(panics(&pool), 0);
}

#[tokio::test(start_paused = true)]
async fn user_is_aborted_at_its_deadline() {
    let (mut pool, _supervisor) = pool();
    LocalSet::new()
        .run_until(async {
            let task = pool.users.spawn_local(std::future::pending());
            pool.slots.put(0, Slot::Taken { task, signal: Rc::default() });
            pool.handle(ShardCommand::Stop);
            tokio::time::advance(Duration::from_millis(1_999)).await;
            pool.reap();
            assert!(!pool.is_over() && pool.users.try_join_next().is_none());
            tokio::time::advance(Duration::from_millis(1)).await;
            pool.reap();
            ended(&mut pool).await;
            assert!(pool.is_over());
        })
        .await;
    assert_eq!(panics(&pool), 0);
}

#[tokio::test(start_paused = true)]
async fn replaced_user_that_ends_early_has_not_quit() {
    let class = |name: &str| format!("  {name}: {{ tasks: [{{ steps: [{{ wait: 0s }}] }}] }}\n");
    let text = format!("arrivals: {{ rate: 1/s, max_users: 1 }}\nuser_classes:\n{}{}", class("A"), class("B"));
    let (mut pool, _supervisor) = pool_of(&text);
    LocalSet::new()
        .run_until(async {
            pool.handle(ShardCommand::SetUsers(1));
            for class in [0, 1, 0, 1] {
                arrivals::serve(pool.shard(), Arrival { class, due: Instant::now(), passed: 0 });
                // The idle user of the other class is retired, and ends before its replacement is spawned.
                tokio::time::sleep(Duration::from_millis(1)).await;
                pool.reap();
                pool.process_pending();
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert!(matches!(pool.slots.slots()[..], [Slot::Taken { .. }]) && pool.leaving.is_empty(), "{class}");
            }
            assert_eq!((pool.shard.arrivals.borrow().started, pool.shard.arrivals.borrow().dropped), (4, 0));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn panic_is_reported_once_and_the_slot_is_refilled() {
    let (mut pool, _supervisor) = pool();
    LocalSet::new()
        .run_until(async {
            pool.handle(ShardCommand::SetUsers(2));
            let task = pool.users.spawn_local(async { panic!("a defect") });
            pool.slots.put(1, Slot::Taken { task, signal: Rc::default() });
            ended(&mut pool).await;
            assert!(matches!(pool.slots.slots()[1], Slot::Vacant) && pool.slots.vacancy() == Some(1));
            assert_eq!(panics(&pool), 1);
            pool.handle(ShardCommand::SetUsers(2));
            assert!(matches!(pool.slots.slots()[1], Slot::Taken { .. }) && pool.slots.vacancy().is_none());
        })
        .await;
}
