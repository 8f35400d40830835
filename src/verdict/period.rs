//! The time that a threshold looks at: all of it, or a sliding window.

use std::collections::VecDeque;
use std::time::Duration;

use super::measure::{Sums, Times};
use crate::stats::Sparse;

/// Most parts of a window. One of up to ten minutes slides by single seconds, a longer one by more.
const PARTS: u32 = 600;

/// What was measured in the time that a threshold looks at.
#[derive(Debug, Clone, Default)]
pub struct Period {
    sums: Sums,
    times: Times,
    window: Option<Window>,
}

#[derive(Debug, Clone)]
struct Window {
    length: Duration,
    /// Shortest part, in seconds.
    part: Duration,
    parts: VecDeque<(Sums, Sparse)>,
}

impl Period {
    /// All time, or the latest `over`.
    pub fn new(over: Option<Duration>) -> Self {
        let window = over.map(|length| {
            let seconds = u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
            let part = Duration::from_secs(u64::from(seconds.div_ceil(PARTS).max(1)));
            Window { length, part, parts: VecDeque::new() }
        });
        Self { window, ..Self::default() }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.sums = Sums::default();
        self.times.clear();
        if let Some(window) = &mut self.window {
            window.parts.clear();
        }
    }

    /// Adds a second.
    pub fn add(&mut self, sums: &Sums, times: &Sparse) {
        self.times.add(times);
        let Some(window) = &mut self.window else {
            self.sums.merge(sums);
            return;
        };
        match window.parts.back_mut().filter(|(last, _)| last.covered < window.part) {
            Some((last, known)) => {
                last.merge(sums);
                known.merge(times);
            }
            None => window.parts.push_back((*sums, times.clone())),
        }
        let mut covered: Duration = window.parts.iter().map(|(sums, _)| sums.covered).sum();
        // A part leaves when what remains fills the window without it.
        while let Some((oldest, times)) = window.parts.front()
            && covered.saturating_sub(oldest.covered) >= window.length
        {
            covered -= oldest.covered;
            self.times.remove(times);
            window.parts.pop_front();
        }
        self.sums = window.parts.iter().fold(Sums::default(), |mut all, (part, _)| {
            all.merge(part);
            all
        });
    }

    /// What was measured in it.
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    /// The `percentile`-th percentile of the times in it.
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        self.times.percentile(percentile, &self.sums.exact)
    }

    /// True for a sliding window.
    pub fn is_window(&self) -> bool {
        self.window.is_some()
    }

    /// The length of a window that is not full yet.
    pub fn is_short_of(&self) -> Option<Duration> {
        self.window.as_ref().map(|window| window.length).filter(|length| self.sums.covered < *length)
    }
}
