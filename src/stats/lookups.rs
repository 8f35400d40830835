//! Keys that commands looked up: found or not. Recorded per shard and merged for the run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::by_row::Merge;
use crate::units;

/// Keys looked up by the commands of one row, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lookups {
    /// Keys, fields or members that were found.
    pub hits: u64,
    /// Those that do not exist.
    pub misses: u64,
}

impl Lookups {
    /// Counts one result.
    pub fn one(is_hit: bool) -> Self {
        Self { hits: is_hit.into(), misses: (!is_hit).into() }
    }

    /// Number of results.
    pub fn total(&self) -> u64 {
        self.hits + self.misses
    }

    /// Ratio of hits to all results; `None` without any.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.hits as f64 / self.total() as f64)
    }

    /// True when nothing was looked up.
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }
}

impl fmt::Display for Lookups {
    /// `1,234 hits, 1 miss, hit ratio 99.9 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = if self.misses == 1 { "" } else { "es" };
        write!(f, "{}, {} miss{ending}", units::counted(self.hits, "hit"), units::count(self.misses))?;
        self.hit_ratio().map_or(Ok(()), |ratio| write!(f, ", hit ratio {:.1} %", ratio * 100.0))
    }
}

impl Merge for Lookups {
    fn merge(&mut self, other: &Self) {
        let Lookups { hits, misses } = other;
        self.hits += hits;
        self.misses += misses;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up() {
        let mut sum = Lookups::default();
        assert_eq!((sum.hit_ratio(), sum.is_empty()), (None, true));
        [true, true, false, true].iter().for_each(|is_hit| sum.merge(&Lookups::one(*is_hit)));
        assert_eq!((sum, sum.total(), sum.hit_ratio()), (Lookups { hits: 3, misses: 1 }, 4, Some(0.75)));
        assert_eq!(sum.to_string(), "3 hits, 1 miss, hit ratio 75.0 %");
        assert_eq!(Lookups { hits: 1, misses: 2_000 }.to_string(), "1 hit, 2,000 misses, hit ratio 0.0 %");
    }
}
