//! The refusal of a plan that is valid and cannot be run yet.

use super::syntax::diagnostic;
use super::{Plan, ScenarioError};

impl Plan {
    /// Refuses a plan that cannot be run yet.
    ///
    /// # Errors
    /// With the text of [`Plan::not_runnable`].
    pub fn runnable(&self) -> Result<(), ScenarioError> {
        match self.not_runnable() {
            Some(why) => Err(diagnostic::plain(&format!("{}: {why}", self.name))),
            None => Ok(()),
        }
    }
}
