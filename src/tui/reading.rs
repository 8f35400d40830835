//! Reading a scenario for the launcher: the file is compiled, and what it would do is summed up.

use super::preview::Preview;
use crate::scenario::catalog::Entry;
use crate::scenario::{Overrides, Scenario, ScenarioError};

/// What is to be read.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    /// Index of the entry in the list.
    pub index: usize,
    pub entry: Entry,
    /// The scenario, if it has been read for other values already.
    pub known: Option<Result<Scenario, ScenarioError>>,
    /// The values that the preview is made for.
    pub overrides: Overrides,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Reading {
    pub scenario: Result<Scenario, ScenarioError>,
    pub overrides: Overrides,
    /// What it would do with these values, or why it cannot be run.
    pub preview: Result<Preview, String>,
    /// Why it is not sent to the host that is set.
    pub refusal: Option<&'static str>,
}

impl ReadRequest {
    /// Reads and previews. A file takes milliseconds to compile, so this is not for the screen's thread.
    pub fn read(self) -> Reading {
        let scenario = self.known.unwrap_or_else(|| self.entry.load());
        let preview = match &scenario {
            Ok(scenario) => scenario
                .plan(&self.overrides)
                .map(|plan| Preview::new(&plan, scenario.description()))
                .map_err(|error| error.text),
            Err(error) => Err(error.text.clone()),
        };
        Reading { scenario, overrides: self.overrides, preview, refusal: None }
    }
}
