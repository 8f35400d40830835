//! A YAML file becomes a [`Plan`]: read, checked, and compiled once before anything is sent.
//!
//! In: a path or a text. Out: a [`Scenario`] (read and checked, cheap to keep in a list), from which
//! [`Scenario::plan`] compiles a [`Plan`] for one run, or a [`ScenarioError`] that shows file, line, column and excerpt.

pub mod catalog;
pub mod plan;
pub mod template;

use std::path::Path;
use std::time::Duration;

pub use plan::Plan;

use crate::units::{PerSecond, Users};

/// A scenario file that was read and found right.
#[derive(Debug, Clone)]
pub struct Scenario {
    name: String,
    description: String,
    host: Option<String>,
}

/// What flags or the launcher's fields put in the place of the file's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Base URL.
    pub host: Option<String>,
    /// Peak users.
    pub users: Option<Users>,
    /// Users per second.
    pub spawn_rate: Option<PerSecond>,
    /// Length of the run; `Some(None)` runs until stopped.
    pub run_time: Option<Option<Duration>>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Option<Duration>,
}

/// A scenario that cannot be run: every message, each with file, line, column and excerpt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScenarioError {
    /// The messages as printed.
    pub text: String,
    /// One line for lists: `line 14:7: unknown field …`.
    pub brief: String,
}

/// The value of `host` that asks for the embedded demo target.
pub const DEMO_HOST: &str = "demo";

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        Self::parse(&path.display().to_string(), "")
    }

    /// Checks a text; `origin` is the file name shown in errors.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(_origin: &str, _text: &str) -> Result<Self, ScenarioError> {
        Ok(Self { name: String::new(), description: String::new(), host: None })
    }

    /// `name`, else the file's stem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `description`, or nothing.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// `host` as written; [`DEMO_HOST`] means the embedded demo target.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Compiles the scenario for one run. The demo target's host compiles to a placeholder unless it is overridden, so
    /// that a preview needs no target.
    ///
    /// # Errors
    /// When no host is known, or an override is out of range.
    pub fn plan(&self, _overrides: &Overrides) -> Result<Plan, ScenarioError> {
        Err(ScenarioError { text: String::new(), brief: String::new() })
    }
}
