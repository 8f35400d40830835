//! Judging times on a machine that may stall: a virtual one stops for half a second whenever its host likes.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

/// What shorter waits than this one do is within the limits of most tests.
pub const STALL: Duration = Duration::from_millis(5);

/// So often may the machine spoil a test.
const ATTEMPTS: usize = 20;

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(1);

/// Runs a test until it passes. A failure counts only where a thread that sleeps was never later than `stall`
/// meanwhile; of a machine that stalls each time, the last failure counts.
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

/// A thread that sees how late it wakes.
struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Watch {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        // From here on, because the thread itself may have to wait for its first turn.
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

    /// The longest wait for a processor, and for the clock to tick.
    fn stop(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("a thread that only looks at the clock")
    }
}
