//! How a user waits: between tasks, inside them, and while the run is paused; and what becomes of that once it is told to
//! leave.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Section, User};

impl User {
    /// When the user is aborted, once it is told to leave. Nothing hurries `on_stop`.
    pub(super) fn leaves_by(&self) -> Option<Instant> {
        if self.section == Section::OnStop { None } else { self.signal.leaves_by.get() }
    }

    /// True when no more than the steps at hand shall be done.
    pub(super) fn is_told_to_leave(&self) -> bool {
        self.leaves_by().is_some()
    }

    /// Waits while the run is paused, and says how long that was.
    pub(super) async fn wait_while_paused(&self) -> Duration {
        if !self.shard.paused.get() {
            return Duration::ZERO;
        }
        let since = Instant::now();
        while self.shard.paused.get() && !self.signal.is_retired() {
            tokio::select! {
                () = self.shard.resumed.notified() => {}
                () = self.signal.wake.notified() => {}
            }
        }
        since.elapsed()
    }

    /// The wait between two tasks: until `next` or until told to leave; a pause in the meantime stretches it by its
    /// length, which is returned.
    pub(super) async fn rest(&self, next: Instant, exactly: bool) -> Duration {
        self.wait(next, exactly, |_| self.signal.is_retired()).await.0
    }

    /// A wait inside a list of steps, until `next`; a pause in the meantime stretches it. A user that leaves waits as
    /// long as any other, because what comes next is load; but where that takes too long, or the run is paused, its task
    /// ends.
    pub(super) async fn wait_inside(&mut self, next: Instant) {
        if self.section == Section::OnStop {
            return sleep_until(next).await;
        }
        let ends = |end| self.leaves_by().is_some_and(|by| end > by || self.shard.paused.get());
        let (held, gave_up) = self.wait(next, false, ends).await;
        self.ends |= gave_up;
        self.held += held;
    }

    /// Sleeps until `next`, and longer by what the run is paused meanwhile, unless `gives_up` of the moment at which that
    /// ends. Returns how long the pauses were, and whether it gave up.
    async fn wait(&self, next: Instant, exactly: bool, gives_up: impl Fn(Instant) -> bool) -> (Duration, bool) {
        let paused_before = self.shard.paused_for();
        let mut held = Duration::ZERO;
        while !gives_up(next + held) {
            tokio::select! {
                () = self.sleep_until(next + held, exactly) => {}
                () = self.signal.wake.notified() => continue,
            }
            self.wait_while_paused().await;
            let paused = self.shard.paused_for().saturating_sub(paused_before);
            if paused == held {
                return (held, false);
            }
            held = paused;
        }
        (held, true)
    }

    async fn sleep_until(&self, at: Instant, exactly: bool) {
        if exactly {
            self.shard.sleep_until_due(at).await;
        } else {
            // A think time may be a millisecond longer, and many cost less this way.
            sleep_until(at).await;
        }
    }
}
