//! Evaluates the thresholds of a run and decides whether it passed. Pure: reads no clock and no file.
//!
//! ```text

mod check;
mod conclusion;
mod drift;
mod judge;
mod measure;
mod period;
mod scope;
mod tracker;
mod trend;

pub use conclusion::{Conclusion, Verdict, conclude};
pub use drift::{DriftDetector, unit_of};
pub use judge::Judge;

#[cfg(test)]
mod tests;
