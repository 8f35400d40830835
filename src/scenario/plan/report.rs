//! What happens with the result: files, the comparison with earlier runs, the search for the limit.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Threshold;

/// `report`: files to write at the end, besides those that flags ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports(pub Vec<(&'static str, PathBuf)>);

impl Reports {
    /// The path of the format with this name.
    pub fn get(&self, format: &str) -> Option<&PathBuf> {
        self.0.iter().find(|(name, _)| *name == format).map(|(_, path)| path)
    }
}

/// `baseline`: what the run is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Which pool of runs.
    pub name: Arc<str>,
    /// How many runs the pool keeps.
    pub keep: u32,
    /// Allowed change of a metric, as a part of it: 0.1 is 10 %.
    pub tolerance: Vec<(Arc<str>, f64)>,
    /// What a regression does.
    pub on_regression: Regression,
}

/// `baseline.on_regression`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regression {
    /// The run fails.
    Fail,
    /// The regression is reported, and the run passes.
    Warn,
}

/// `search`: the largest load that passes.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What is varied.
    pub vary: Vary,
    /// Where it begins.
    pub from: f64,
    /// Where it ends at the latest.
    pub to: f64,
    /// Duration of each level.
    pub hold: Duration,
    /// The threshold that a level must pass.
    pub until: Threshold,
}

/// `search.vary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vary {
    /// The number of users.
    Users,
    /// Arrivals per second.
    Rate,
}
