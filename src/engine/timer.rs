//! High-resolution sleeps. The runtime's timer has a resolution of one millisecond, which would add up to 1 ms to each
//! response time measured from a due time. A kernel timer (timerfd) has a resolution of microseconds.

use std::cell::{Cell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io;
use std::os::fd::OwnedFd;
use std::task::Waker;
use std::time::Duration;

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Timer of one shard, shared by its users.
#[derive(Debug)]
pub struct Timer {
    fd: AsyncFd<OwnedFd>,
    sleepers: RefCell<BinaryHeap<Reverse<Sleeper>>>,
    earlier: Notify,
    /// The kernel timer failed: the runtime's timer is used instead.
    refused: Cell<bool>,
}

#[derive(Debug)]
struct Sleeper {
    at: Instant,
    waker: Waker,
}

impl Timer {
    /// Creates a kernel timer in the current runtime.
    ///
    /// # Errors
    /// If the kernel timer cannot be created.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(deprecated, reason = "the deprecation is about types that can close their file; an OwnedFd cannot")]
        let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
        Ok(Self { fd, sleepers: RefCell::default(), earlier: Notify::new(), refused: Cell::new(false) })
    }

    /// False after the kernel timer has failed, when the runtime's timer is used.
    pub fn is_exact(&self) -> bool {
        !self.refused.get()
    }

    /// Wakes sleepers when they are due. Returns only on error.
    ///
    /// # Errors
    /// If the timer cannot be set or read.
    pub async fn run(&self) -> io::Result<()> {
        let refusal = self.keep_waking().await;
        self.refused.set(true);
        for Reverse(sleeper) in self.sleepers.borrow_mut().drain() {
            sleeper.waker.wake();
        }
        refusal
    }

    async fn keep_waking(&self) -> io::Result<()> {
        loop {
            let next = self.wake_due(Instant::now());
            if let Some(next) = next {
                self.set(next.saturating_duration_since(Instant::now()))?;
            }
            tokio::select! {
                ready = self.fd.readable(), if next.is_some() => {
                    let mut ready = ready?;
                    // Reads the number of expirations: one, or none after a change.
                    let _ = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut [0_u8; 8])?));
                }
                () = self.earlier.notified() => {}
            }
        }
    }

    /// Sleeps until `at`.
    pub async fn sleep_until(&self, at: Instant) {
        let mut queued = false;
        std::future::poll_fn(|context| {
            if Instant::now() >= at || self.refused.get() {
                return std::task::Poll::Ready(());
            }
            if !queued {
                queued = true;
                self.queue(Sleeper { at, waker: context.waker().clone() });
            }
            std::task::Poll::Pending
        })
        .await;
        if self.refused.get() {
            tokio::time::sleep_until(at).await;
        }
    }

    fn queue(&self, sleeper: Sleeper) {
        let mut sleepers = self.sleepers.borrow_mut();
        if sleepers.peek().is_none_or(|Reverse(first)| sleeper.at < first.at) {
            self.earlier.notify_one();
        }
        sleepers.push(Reverse(sleeper));
    }

    fn wake_due(&self, now: Instant) -> Option<Instant> {
        let mut sleepers = self.sleepers.borrow_mut();
        while let Some(Reverse(first)) = sleepers.peek() {
            if first.at > now {
                return Some(first.at);
            }
            if let Some(Reverse(sleeper)) = sleepers.pop() {
                sleeper.waker.wake();
            }
        }
        None
    }

    fn set(&self, after: Duration) -> io::Result<()> {
        // Zero would disarm the timer.
        let after = after.max(Duration::from_nanos(1));
        let it_value = Timespec { tv_sec: after.as_secs() as i64, tv_nsec: i64::from(after.subsec_nanos()) };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        rustix::time::timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[tokio::test(flavor = "local")]
    async fn sleepers_wake_in_order_and_not_early() {
        let timer = Rc::new(Timer::new().unwrap());
        let woken = Rc::new(RefCell::new(Vec::new()));
        let now = Instant::now();
        let tasks: Vec<_> = [7_300_u64, 2_100, 0, 4_650, 2_100]
            .into_iter()
            .map(|micros| {
                let (timer, woken) = (Rc::clone(&timer), Rc::clone(&woken));
                tokio::task::spawn_local(async move {
                    let at = now + Duration::from_micros(micros);
                    timer.sleep_until(at).await;
                    assert!(Instant::now() >= at);
                    woken.borrow_mut().push(micros);
                })
            })
            .collect();
        let runner = Rc::clone(&timer);
        let runner = tokio::task::spawn_local(async move { runner.run().await });
        for task in tasks {
            task.await.unwrap();
        }
        runner.abort();
        assert_eq!(*woken.borrow(), [0, 2_100, 2_100, 4_650, 7_300]);
    }
}
