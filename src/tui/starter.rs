//! What the screen needs from its caller: starting runs, and probing Redis servers.

use std::sync::Arc;

use crate::doctor::Subject;
use crate::engine::RunHandle;
use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::store::{News, Sending, Writing};

/// Starts runs for the screen, which only sees their handles.
pub trait Starter {
    /// Starts `scenario` with `overrides`. The error is displayed as is.
    ///
    /// # Errors
    /// Why the run cannot be started.
    fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String>;

    /// Warning to show before the start of a run that is planned with this many VU-hours.
    fn warning(&self, _planned: f64) -> Option<String> {
        None
    }

    /// Outputs of the run that was started last.
    fn writing(&self) -> Vec<Writing> {
        Vec::new()
    }

    /// What the run that was started last has sent to other systems so far. Called often.
    fn sending(&self) -> Vec<Sending> {
        Vec::new()
    }

    /// Called when the run that was started last is over, so that its reports are written while the screen stays.
    fn ended(&mut self) {}

    /// Messages about what was written after the end of a run, once.
    fn news(&mut self) -> Vec<News> {
        Vec::new()
    }

    /// Systems that runs are sent to, such as `Datadog (datadoghq.eu)`.
    fn destinations(&self) -> Vec<String> {
        Vec::new()
    }

    /// A function that lists the scenarios again, to be called on a separate thread. `None` if the list never changes.
    fn list(&self) -> Option<List> {
        None
    }

    /// Called for each scenario that was read, before any of it is displayed, so that its secrets can be masked.
    fn read(&mut self, _scenario: &Scenario) {}

    /// Why `scenario` cannot be started with `overrides`, if that is known in advance.
    fn refusal(&self, _scenario: &Scenario, _overrides: &Overrides) -> Option<&'static str> {
        None
    }

    /// What is checked before the start of `scenario`; `None` if nothing is, or if it would not start anyway.
    fn preflight(&self, _scenario: &Scenario, _overrides: &Overrides) -> Option<Subject> {
        None
    }

    /// All that can be checked of a run of `scenario`, which may be invalid; `None` if that is not possible.
    fn diagnosis(&self, _scenario: Result<Scenario, ScenarioError>, _overrides: &Overrides) -> Option<Subject> {
        None
    }

    /// Masks the secrets of scenarios in a string, such as the path of a written file.
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }

    /// A function that checks whether a Redis server responds, to be called on a separate thread. `None` if that is not
    /// possible.
    fn probe(&self, _target: &RedisTarget, _secrets: &Arc<Redactor>) -> Option<Probe> {
        None
    }
}

/// Lists the scenarios.
pub type List = Box<dyn FnOnce() -> Vec<Entry> + Send>;

/// Checks whether a Redis server responds.
pub type Probe = Box<dyn FnOnce() -> Result<(), ProbeError> + Send>;

/// Why a Redis server does not respond as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError {
    /// The reason.
    pub why: String,
    /// Something responds, but rejects us or is not Redis.
    pub reached: bool,
}
