//! What a type of histogram must be able to do.

use crate::stats::Sparse;

/// A histogram that grows by the times of intervals.
pub trait Histogram: Default {
    /// Adds times.
    fn add(&mut self, times: &Sparse);

    /// True without times.
    fn is_empty(&self) -> bool;
}
