//! Reports, baseline and search.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Threshold;

/// `report`: files to write at the end, in addition to those of flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports(pub Vec<(&'static str, PathBuf)>);

impl Reports {
    /// Path for a format.
    pub fn get(&self, format: &str) -> Option<&PathBuf> {
        self.0.iter().find(|(name, _)| *name == format).map(|(_, path)| path)
    }
}

/// `baseline`: runs to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Name of the set of runs.
    pub name: Arc<str>,
    /// Number of runs in the set.
    pub keep: u32,
    /// Allowed change by metric, as a fraction: 0.1 is 10 %.
    pub tolerance: Vec<(Arc<str>, f64)>,
    /// Effect of a regression.
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

/// `search`: the highest load that passes.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What to vary.
    pub vary: Vary,
    /// Lowest level.
    pub from: f64,
    /// Highest level.
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
