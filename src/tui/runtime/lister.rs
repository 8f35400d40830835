//! When the files of the launcher are looked at again.

use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Lists the scenarios now and then.
#[derive(Default)]
pub(super) struct Lister {
    pub is_listing: bool,
    listed: Option<Instant>,
}

impl Lister {
    /// A list was made just now.
    pub fn listed() -> Self {
        Self { is_listing: false, listed: Some(Instant::now()) }
    }

    /// True if it is time for the next look.
    pub fn is_due(&self) -> bool {
        !self.is_listing && self.listed.is_none_or(|listed| listed.elapsed() >= LOOK)
    }
}
