//! Polling for conditions, with a generous time-out.
#![allow(dead_code, reason = "shared by several test programs, none of which uses all of it")]

use std::future::Future;
use std::time::{Duration, Instant};

/// Maximum wait. Normally a fraction of it is enough, even on a machine that stalls.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Interval between two polls.
const PAUSE: Duration = Duration::from_millis(10);

/// Polls until there is a value, and returns it. On time-out, panics with what was found instead.
pub fn found<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < deadline, "never: {what}; {instead}"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Polls until the condition is true.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    found(what, || if is() { Ok(()) } else { Err(String::new()) });
}

/// The same in a task, without blocking others on the same thread.
pub async fn until_in_task(what: &str, mut is: impl FnMut() -> bool) {
    let look = async {
        while !is() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    end_of(what, look).await;
}

/// Waits for a future, with a time-out.
pub async fn end_of<T>(what: &str, something: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, something).await.unwrap_or_else(|_| panic!("never: {what}"))
}
