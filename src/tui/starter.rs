//! What the screen asks for when it wants a run, and never knows how to do itself.

use std::sync::Arc;

use crate::engine::RunHandle;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Scenario};
use crate::store::Writing;

/// Starts a run for the screen, which knows only the handle.
pub trait Starter {
    /// Starts `scenario` with `overrides` at once. The error is shown as it is.
    ///
    /// # Errors
    /// Why the run cannot be started.
    fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String>;

    /// What is to be said, before the start, of a run that is planned with so many VU-hours.
    fn warning(&self, _planned: f64) -> Option<String> {
        None
    }

    /// What is written of the run that was started last.
    fn writing(&self) -> Vec<Writing> {
        Vec::new()
    }

    /// Called for every scenario that was read, before anything of it is shown: its secrets must not be shown.
    fn read(&mut self, _scenario: &Scenario) {}

    /// Why `scenario` would not be started with `overrides`, if that is known before.
    fn refusal(&self, _scenario: &Scenario, _overrides: &Overrides) -> Option<&'static str> {
        None
    }

    /// A string, such as the path of a written file, without the secrets of the scenario.
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }

    /// How to find out, on a thread of its own, whether a Redis responds. Nothing is sent before it is called. `None`
    /// where nobody can know.
    fn probe(&self, _target: &RedisTarget, _secrets: &Arc<Redactor>) -> Option<Probe> {
        None
    }
}

/// Asks a Redis.
pub type Probe = Box<dyn FnOnce() -> Result<(), ProbeError> + Send>;

/// Why a Redis does not respond as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError {
    /// The reason.
    pub why: String,
    /// Something is there, but it does not let us in, or is not a Redis.
    pub reached: bool,
}
