//! Refuses plans that are valid but not supported yet.

use super::syntax::diagnostic;
use super::{Plan, ScenarioError};

impl Plan {
    /// Returns an error if the plan cannot be run yet.
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
