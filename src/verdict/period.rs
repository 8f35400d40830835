//! The period that a threshold evaluates: everything so far, or a sliding window.

use std::collections::VecDeque;
use std::time::Duration;

use super::measure::{Sums, Times};
use crate::stats::Sparse;

/// Maximum number of parts of a window. Windows of up to ten minutes slide by one second, longer ones by more.
const PARTS: u32 = 600;

/// Measurements in the period of a threshold.
#[derive(Debug, Clone)]
pub struct Period {
    sums: Sums,
    /// Only for percentiles.
    times: Option<Times>,
    window: Option<Window>,
}

#[derive(Debug, Clone)]
struct Window {
    length: Duration,
    /// Minimum length of a part, in whole seconds.
    part: Duration,
    parts: VecDeque<(Sums, Sparse)>,
}

impl Period {
    /// The last `over`, or everything if it is `None`. `has_percentiles`: [`Self::percentile`] is used.
    pub fn new(over: Option<Duration>, has_percentiles: bool) -> Self {
        let window = over.map(|length| {
            let seconds = u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
            let part = Duration::from_secs(u64::from(seconds.div_ceil(PARTS).max(1)));
            Window { length, part, parts: VecDeque::new() }
        });
        Self { sums: Sums::default(), times: has_percentiles.then(Times::new), window }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.sums = Sums::default();
        self.times.iter_mut().for_each(Times::clear);
        if let Some(window) = &mut self.window {
            window.parts.clear();
        }
    }

    /// Adds a second.
    pub fn add(&mut self, sums: &Sums, times: &Sparse) {
        if let Some(known) = &mut self.times {
            known.add(times);
        }
        // A window keeps its times to remove them later.
        let times = if self.times.is_some() { times } else { &Sparse::default() };
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
        // Drop a part only when the others still fill the window.
        while let Some((oldest, times)) = window.parts.front()
            && covered.saturating_sub(oldest.covered) >= window.length
        {
            covered -= oldest.covered;
            if let Some(known) = &mut self.times {
                known.remove(times);
            }
            window.parts.pop_front();
        }
        self.sums = window.parts.iter().fold(Sums::default(), |mut all, (part, _)| {
            all.merge(part);
            all
        });
    }

    /// Sums over the period.
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    /// The `percentile`-th percentile of the times in the period.
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        self.times.as_ref()?.percentile(percentile, &self.sums.exact)
    }

    /// True for a sliding window.
    pub fn is_window(&self) -> bool {
        self.window.is_some()
    }

    /// The length of the window, if it is not full yet.
    pub fn unfilled_window(&self) -> Option<Duration> {
        self.window.as_ref().map(|window| window.length).filter(|length| self.sums.covered < *length)
    }
}
