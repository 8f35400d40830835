//! Runs expensive work on separate threads, so that it does not block a load thread.
//!
//! How long such work takes depends on what servers send, so it checks a [`Budget`] at intervals, and its input is
//! limited. The threads are never joined, not even when the program ends.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, oneshot};

use crate::scenario::eval::budget::Budget;

/// One per processor: more would only take time from the load threads.
static PERMITS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// The work ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the load generator could not process the response")]
pub struct OffloadError;

/// Signals the work to stop when the waiting future is dropped.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on another thread within `budget`, which also ends when the future is dropped.
///
/// # Errors
/// When no thread can be started, or the work panics.
pub async fn run<T: Send + 'static>(
    budget: Budget,
    work: impl FnOnce(&Budget) -> T + Send + 'static,
) -> Result<T, OffloadError> {
    // Held by the thread: after the future is dropped, it still occupies a processor.
    let room = PERMITS.acquire().await.map_err(|_| OffloadError)?;
    let stop = Stop(Arc::default());
    let budget = budget.or_stopped(Arc::clone(&stop.0));
    let (sender, result) = oneshot::channel();
    let work = move || {
        let _room = room;
        // The receiver may be gone.
        let _ = sender.send(work(&budget));
    };
    std::thread::Builder::new().name("katydid-offload".to_owned()).spawn(work).map_err(|_| OffloadError)?;
    result.await.map_err(|_| OffloadError)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn work_ends_with_its_budget_or_its_future() {
        let (ended_sender, ended) = std::sync::mpsc::channel();
        let endless = move |ended_sender: std::sync::mpsc::Sender<()>| {
            move |budget: &Budget| {
                while !budget.is_spent() {
                    std::thread::yield_now();
                }
                ended_sender.send(()).expect("a listener");
                7
            }
        };
        let deadline = Budget::until(Instant::now() + Duration::from_millis(20));
        assert_eq!(run(deadline, endless(ended_sender.clone())).await, Ok(7));
        let dropped =
            tokio::time::timeout(Duration::from_millis(20), run(Budget::default(), endless(ended_sender))).await;
        assert!(dropped.is_err());
        for _ in 0..2 {
            ended.recv_timeout(Duration::from_secs(60)).expect("the end of the work");
        }
        assert_eq!(run(Budget::default(), |_| -> u8 { panic!("broken") }).await, Err(OffloadError));
    }
}
