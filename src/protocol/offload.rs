//! Work that would hold up a load thread: it is done on a thread of its own, a few at a time.
//!
//! What servers send decides how long such work takes, so it looks at a [`Budget`] between its pieces, and what it reads
//! has limits. Nothing waits for such a thread, not even the end of the program.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, oneshot};

use crate::scenario::eval::budget::Budget;

/// As many as there are processors: more would only take time from the load threads.
static ROOM: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// The work broke off without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the load generator could not process the response")]
pub struct Lost;

/// Set when the future that waits for the work is dropped.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does `work` on another thread within `budget`, which is spent when the future is dropped.
///
/// # Errors
/// When the system has no thread for it, or the work panics.
pub async fn run<T: Send + 'static>(
    budget: Budget,
    work: impl FnOnce(&Budget) -> T + Send + 'static,
) -> Result<T, Lost> {
    // Held by the thread: one that nobody waits for any more still takes up a processor.
    let room = ROOM.acquire().await.map_err(|_| Lost)?;
    let stop = Stop(Arc::default());
    let budget = budget.or_stopped(Arc::clone(&stop.0));
    let (sender, result) = oneshot::channel();
    let work = move || {
        let _room = room;
        // Nobody may be there any more.
        let _ = sender.send(work(&budget));
    };
    std::thread::Builder::new().name("katydid-offload".to_owned()).spawn(work).map_err(|_| Lost)?;
    result.await.map_err(|_| Lost)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn work_ends_with_its_time_or_its_waiter() {
        let (told, heard) = std::sync::mpsc::channel();
        let endless = move |told: std::sync::mpsc::Sender<()>| {
            move |budget: &Budget| {
                while !budget.is_spent() {
                    std::thread::yield_now();
                }
                told.send(()).expect("a listener");
                7
            }
        };
        let deadline = Budget::until(Instant::now() + Duration::from_millis(20));
        assert_eq!(run(deadline, endless(told.clone())).await, Ok(7));
        let dropped = tokio::time::timeout(Duration::from_millis(20), run(Budget::default(), endless(told))).await;
        assert!(dropped.is_err());
        for _ in 0..2 {
            heard.recv_timeout(Duration::from_secs(60)).expect("the end of the work");
        }
        assert_eq!(run(Budget::default(), |_| -> u8 { panic!("broken") }).await, Err(Lost));
    }
}
