//! How a user waits: between tasks, inside them, and while the run is paused; and how waits end once it is retired.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Section, User};

impl User {
    /// When the user is aborted, once it is retired; `None` in `on_stop`.
    pub(super) fn leaves_by(&self) -> Option<Instant> {
        if self.section == Section::OnStop { None } else { self.signal.leaves_by.get() }
    }

    /// True when the user is retired, and not yet in `on_stop`.
    pub(super) fn is_retiring(&self) -> bool {
        self.leaves_by().is_some()
    }

    /// Waits while the run is paused, and returns how long that was.
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

    /// The wait between two tasks: until `next` or until retired; a pause of the run extends it by its
    /// length, which is returned.
    pub(super) async fn rest(&self, next: Instant, exactly: bool) -> Duration {
        self.wait(next, exactly, |_| self.signal.is_retired()).await.0
    }

    /// A wait inside a list of steps, until `next`; a pause of the run extends it. A retired user waits as long as
    /// any other, because the next step is load; but where that takes too long, or the run is paused, its task ends.
    pub(super) async fn wait_inside(&mut self, next: Instant) {
        if self.section == Section::OnStop {
            return sleep_until(next).await;
        }
        let ends = |end| self.leaves_by().is_some_and(|by| end > by || self.shard.paused.get());
        let (held, gave_up) = self.wait(next, false, ends).await;
        self.ends |= gave_up;
        self.held += held;
    }

    /// Sleeps until `next`, extended by pauses of the run, unless `gives_up` is true for the moment at which that ends.
    /// Returns how long the pauses were, and whether it gave up.
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
            // A think time may be a millisecond longer, and the runtime's timer is cheaper.
            sleep_until(at).await;
        }
    }
}
