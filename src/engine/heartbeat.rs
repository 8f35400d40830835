//! Heartbeats of the load threads, checked by another thread: a blocked thread cannot report that itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Interval of heartbeats. The lag of this timer also shows whether the thread keeps up.
pub const EVERY: Duration = Duration::from_millis(10);
/// Stored instead of a time when the thread has ended and no further beat is expected.
const OVER: u64 = u64::MAX;

/// Heartbeat of one shard: written by its timer, read by the control thread.
#[derive(Debug)]
pub struct Heartbeat {
    started: Instant,
    /// Nanoseconds from the start to the last beat.
    last: AtomicU64,
}

impl Heartbeat {
    /// Starts with a first beat.
    pub fn start() -> Self {
        Self { started: Instant::now(), last: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(OVER - 1)
    }

    /// Records a beat.
    pub fn beat(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// Records that the thread has ended.
    pub fn end(&self) {
        self.last.store(OVER, Ordering::Relaxed);
    }

    /// Time by which the next beat is overdue; zero after the end.
    pub fn overdue(&self) -> Duration {
        let silence = self.now().saturating_sub(self.last.load(Ordering::Relaxed));
        Duration::from_nanos(silence).saturating_sub(EVERY)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;
    use crate::engine::{Command, EngineOptions, RunHandle, start_with};
    use crate::scenario::{Overrides, Scenario};
    use crate::stats::Snapshot;
    use crate::stats::health::BLOCKED;
    use crate::stats::snapshot::Level;

    async fn seen(handle: &RunHandle, what: &str, is: impl FnMut(&Arc<Snapshot>) -> bool) -> Arc<Snapshot> {
        let mut snapshots = handle.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(60), snapshots.wait_for(is)).await;
        found.unwrap_or_else(|_| panic!("never: {what}")).expect("the run goes on").clone()
    }

    #[tokio::test]
    async fn blocked_thread_is_reported_while_blocked_and_counted_once() {
        let text = "host: http://h\nusers: 1\ntasks: [{ steps: [{ wait: 100ms }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let (block, blocks) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let ends = Arc::new(Mutex::new((blocks, released)));
        // A task that blocks its thread.
        let task = move || {
            drop(tokio::task::spawn_local(async move {
                while ends.lock().unwrap().0.try_recv().is_err() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                ends.lock().unwrap().1.recv().unwrap();
            }));
        };
        let mut handle = start_with(Arc::new(plan), EngineOptions { threads: 1, seed: 1 }, task).unwrap();
        seen(&handle, "a run", |s| s.load.users == 1).await;
        block.send(()).unwrap();
        let blocked = seen(&handle, "a blocked thread", |s| s.health.blocked.now > 5 * BLOCKED).await;
        assert_eq!((blocked.health.level, blocked.health.blocked.recent), (Level::Red, blocked.health.blocked.now));
        let why = blocked.health.why.as_deref().unwrap_or_default();
        assert!(why.starts_with("a load thread has been blocked for 1."), "{why}");
        release.send(()).unwrap();
        let back = seen(&handle, "its return", |s| {
            // The thread's own timer may be a little late.
            s.health.blocked.longest + EVERY >= blocked.health.blocked.now
        })
        .await;
        let blocked = back.health.blocked;
        assert!(
            blocked.count >= 1 && blocked.recent == blocked.longest && blocked.now < blocked.longest,
            "{blocked:?}"
        );
        assert_eq!(back.health.level, Level::Red, "its figures are in the window");
        let why = back.health.why.as_deref().unwrap_or_default();
        assert!(why.starts_with("a load thread was blocked for "), "{why}");
        handle.send(Command::Stop).unwrap();
        let last = handle.finished().await;
        let said = crate::report::text::left_out(&last).join("\n");
        assert!(said.starts_with("load threads were blocked "), "{said}");
    }

    #[test]
    fn ended_thread_is_not_reported() {
        let heartbeat = Heartbeat::start();
        std::thread::sleep(EVERY * 2);
        let late = heartbeat.overdue();
        heartbeat.beat();
        assert!(late >= EVERY && heartbeat.overdue() < Duration::from_secs(1), "{late:?}");
        std::thread::sleep(EVERY * 2);
        heartbeat.end();
        assert_eq!(heartbeat.overdue(), Duration::ZERO);
    }
}
