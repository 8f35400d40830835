use std::thread;

use super::*;
use crate::engine::heartbeat::Heartbeat;
use crate::scenario::{Overrides, Scenario};
use crate::stats::snapshot::{RunInfo, RunState};
use crate::units::Users;

/// A control with one shard, and the receiver of its spares.
fn control() -> (Control, mpsc::Receiver<Box<Interval>>) {
    let (control, spare, _) = control_of("");
    (control, spare)
}

/// Like [`control`], with a load, and the receiver of the shard's commands.
fn control_of(load: &str) -> (Control, mpsc::Receiver<Box<Interval>>, mpsc::UnboundedReceiver<ShardCommand>) {
    let text = format!("host: http://h\n{load}tasks: [{{ steps: [{{ get: / }}] }}]");
    let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
    let run = RunInfo {
        scenario: "s".into(),
        host: "h".into(),
        started: SystemTime::UNIX_EPOCH,
        is_insecure: false,
        run_time: None,
        classes: Vec::new(),
        seed: 0,
        operations: Vec::new(),
        trace_url: None,
    };
    let (spares, spare) = mpsc::channel(4);
    let (orders, ordered) = mpsc::unbounded_channel();
    // A thread that has ended would stop the run.
    let heartbeat = Arc::new(Heartbeat::start());
    let link = Link { commands: orders, spares, heartbeat, thread: thread::spawn(thread::park) };
    (Control::new(Arc::new(plan), Aggregator::new(run, Vec::new(), 1), vec![link]), spare, ordered)
}

#[tokio::test(start_paused = true)]
async fn shard_gets_its_number_of_users_before_arrivals() {
    let (mut control, _spares, mut ordered) = control_of("arrivals: { rate: 5, max_users: 3 }\n");
    control.step();
    assert!(matches!(ordered.try_recv(), Ok(ShardCommand::SetUsers(3))));
    assert!(matches!(ordered.try_recv(), Ok(ShardCommand::Arrive(_))));
    assert!(ordered.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn run_continues_while_a_user_is_due() {
    let (mut control, _spares, _ordered) = control_of("users: 4\nspawn_rate: 1\n");
    let quit = |control: &mut Control, users| {
        let mut interval = Box::new(Interval::new(0, 1));
        (interval.shard_users.slots, interval.shard_users.quit) = (users, users);
        control.absorb(interval);
    };
    for users in 1..=4 {
        assert_eq!(control.controller.at(control.clock.elapsed()), Users(users));
        control.step();
        // All users so far have quit, and the next one is due now.
        quit(&mut control, users);
        tokio::time::advance(Duration::from_millis(999)).await;
        control.step();
        assert_eq!(control.stopping.is_some(), users == 4, "{users}");
        tokio::time::advance(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn late_control_thread_keeps_one_spare() {
    let (mut control, mut spares) = control();
    for users in 1..=4 {
        let mut interval = Box::new(Interval::new(0, 3));
        interval.users = users;
        control.absorb(interval);
    }
    assert_eq!(control.shards.alive(), 4);
    assert!(spares.try_recv().is_ok() && spares.try_recv().is_err(), "one spare is enough");
    control.absorb(Box::new(Interval::new(0, 3)));
    assert!(spares.try_recv().is_ok(), "a spare that was taken is replaced");
}

#[tokio::test(start_paused = true)]
async fn vu_hours_exclude_pauses_and_a_budget_ends_the_run() {
    let (mut control, _spares) = control();
    let hour = Duration::from_secs(3_600);
    let mut interval = Box::new(Interval::new(0, 1));
    interval.users = 2;
    control.absorb(interval);
    Arc::make_mut(&mut control.plan).vu_budget = Some(3.0);
    tokio::time::advance(hour).await;
    control.handle(Command::Pause);
    tokio::time::advance(5 * hour).await;
    control.step();
    control.handle(Command::Resume);
    assert_eq!((control.vu_seconds / 3_600.0, control.stopping.is_some()), (2.0, false));
    tokio::time::advance(hour / 2).await;
    control.step();
    assert_eq!(control.stopping.map(|(why, _)| why), Some(End::Budget));
}

#[tokio::test(start_paused = true)]
async fn paused_time_is_not_run_time() {
    let (mut control, _spares) = control();
    let second = Duration::from_secs(1);
    tokio::time::advance(second).await;
    control.handle(Command::Pause);
    control.handle(Command::Pause);
    tokio::time::advance(5 * second).await;
    assert_eq!((control.clock.elapsed(), control.state(second)), (second, RunState::Paused));
    control.handle(Command::Resume);
    control.handle(Command::Resume);
    tokio::time::advance(second).await;
    assert_eq!(control.clock.elapsed(), 2 * second);
}
