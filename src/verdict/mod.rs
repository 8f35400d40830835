//! A run becomes a judgement: which thresholds hold, and whether the run passed. Pure: it reads no clock and no file.
//!
//! ```text
//! second ─▶ scope (whose figures) ─▶ measure (merged) ─▶ period (all, or a window) ─▶ reading (a check) ─▶ case (a threshold)
//!                                                                        judge (all thresholds) ─▶ conclusion
//! blocks of ten seconds ─▶ drift (of each figure) ─▶ trend (slope and test)
//! ```

mod case;
mod conclusion;
mod drift;
mod judge;
mod measure;
mod period;
mod reading;
mod scope;
mod trend;

pub use conclusion::{Conclusion, Verdict, conclude};
pub use drift::DriftWatch;
pub use judge::Judge;

#[cfg(test)]
mod tests;
