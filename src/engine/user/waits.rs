//! Waits of a user: between tasks, inside tasks, and during pauses; and how they end when the user is retired.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Section, User};

impl User {
    /// Time at which the retired user is aborted; `None` if not retired, and in `on_stop`.
    pub(super) fn leaves_by(&self) -> Option<Instant> {
        if self.section == Section::OnStop { None } else { self.signal.leaves_by.get() }
    }

    /// True if the user is retired, and not in `on_stop` yet.
    pub(super) fn is_retiring(&self) -> bool {
        self.leaves_by().is_some()
    }

    /// Waits while the run is paused; returns the waiting time.
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

    /// Waits between two tasks, until `next` or until retired. A pause of the run extends the wait; returns by how
    /// much.
    pub(super) async fn rest(&self, next: Instant, exactly: bool) -> Duration {
        self.wait(next, exactly, |_| self.signal.is_retired()).await.0
    }

    /// Waits inside a step list, until `next`. A pause of the run extends the wait. A retired user waits for the same
    /// time, because the next step generates load; but if that takes too long, or the run is paused, its task ends.
    pub(super) async fn wait_inside(&mut self, next: Instant) {
        if self.section == Section::OnStop {
            return sleep_until(next).await;
        }
        let ends = |end| self.leaves_by().is_some_and(|by| end > by || self.shard.paused.get());
        let (held, gave_up) = self.wait(next, false, ends).await;
        self.ends |= gave_up;
        self.held += held;
    }

    /// Sleeps until `next`, extended by pauses of the run, unless `gives_up` returns true for the end of the sleep.
    /// Returns the duration of the pauses, and whether it gave up.
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
            // Waits between tasks may be a millisecond longer, and the runtime's timer is cheaper.
            sleep_until(at).await;
        }
    }
}
