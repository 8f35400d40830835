use std::thread;

use super::*;
use crate::engine::heartbeat::Heartbeat;
use crate::scenario::{Overrides, Scenario};
use crate::stats::snapshot::{RunInfo, RunState};

/// A control with one shard, and that shard's end for spares.
fn control() -> (Control, mpsc::Receiver<Box<Interval>>) {
    let text = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";
    let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
    let run = RunInfo {
        scenario: "s".into(),
        host: "h".into(),
        started: SystemTime::UNIX_EPOCH,
        is_insecure: false,
        run_time: None,
        classes: Vec::new(),
        seed: 0,
        operations: Vec::new(),
    };
    let (spares, spare) = mpsc::channel(4);
    let (orders, _) = mpsc::unbounded_channel();
    // A thread that has ended would break the run.
    let heartbeat = Arc::new(Heartbeat::start());
    let link = Link { orders, spares, heartbeat, thread: thread::spawn(thread::park) };
    (Control::new(Arc::new(plan), Aggregator::new(run, Vec::new(), 1), vec![link]), spare)
}

#[tokio::test(start_paused = true)]
async fn a_late_control_thread_does_not_leave_spares_behind() {
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
async fn paused_time_is_not_run_time() {
    let (mut control, _spares) = control();
    let second = Duration::from_secs(1);
    tokio::time::advance(second).await;
    control.obey(Command::Pause);
    control.obey(Command::Pause);
    tokio::time::advance(5 * second).await;
    assert_eq!((control.clock.elapsed(), control.state(second)), (second, RunState::Paused));
    control.obey(Command::Resume);
    control.obey(Command::Resume);
    tokio::time::advance(second).await;
    assert_eq!(control.clock.elapsed(), 2 * second);
}
