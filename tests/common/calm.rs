//! Timing tests on machines that may stall: a virtual machine can stop for half a second at any time.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

/// Shorter stalls are within the tolerance of most tests.
pub const STALL: Duration = Duration::from_millis(5);

/// Maximum number of attempts.
const ATTEMPTS: usize = 20;

/// Interval between two clock readings.
const TICK: Duration = Duration::from_millis(1);

/// Runs a test until it passes. A failure counts only if no sleeping thread woke up later than `stall` meanwhile; if
/// the machine stalls in every attempt, the last failure counts.
pub async fn calmly(stall: Duration, test: impl AsyncFn()) {
    for attempt in 1..=ATTEMPTS {
        let watch = Watch::start();
        let outcome = AssertUnwindSafe(test()).catch_unwind().await;
        let stalled = watch.stop();
        match outcome {
            Ok(()) => return,
            Err(failure) if stalled <= stall || attempt == ATTEMPTS => resume_unwind(failure),
            Err(_) => {}
        }
    }
}

/// A thread that measures how late it wakes up.
struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Watch {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        // Measured from here, because the thread itself may have to wait for its first time slice.
        let mut before = Instant::now();
        let thread = std::thread::spawn({
            let over = Arc::clone(&over);
            move || {
                let mut longest = before.elapsed();
                while !over.load(Ordering::Relaxed) {
                    before = Instant::now();
                    std::thread::sleep(TICK);
                    longest = longest.max(before.elapsed().saturating_sub(TICK));
                }
                longest
            }
        });
        Self { over, thread }
    }

    /// The longest delay.
    fn stop(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("a thread that only looks at the clock")
    }
}
