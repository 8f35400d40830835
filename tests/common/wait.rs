//! Waiting for what others do: until it is so, whatever the clock says, and not for ever.
#![allow(dead_code, reason = "shared by several test programs, none of which uses all of it")]

use std::future::Future;
use std::time::{Duration, Instant};

/// Longest wait for anything. What works takes a small part of it, also on a machine that stands still now and then.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is something, and returns it. When it never comes, says what was there instead.
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

/// Looks until it is so.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    found(what, || if is() { Ok(()) } else { Err(String::new()) });
}

/// The same in a task, beside others on the same thread.
pub async fn until_in_task(what: &str, mut is: impl FnMut() -> bool) {
    let look = async {
        while !is() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    end_of(what, look).await;
}

/// Waits for something that ends by itself.
pub async fn end_of<T>(what: &str, something: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, something).await.unwrap_or_else(|_| panic!("never: {what}"))
}
