//! Reads a scenario for the launcher: compiles the file and estimates what it would do.

use super::preview::Preview;
use crate::scenario::catalog::Entry;
use crate::scenario::{Overrides, Scenario, ScenarioError};

/// A request to read an entry.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    /// Index of the entry in the list.
    pub index: usize,
    pub entry: Entry,
    /// The scenario, if it was already read with other overrides.
    pub known: Option<Result<Scenario, ScenarioError>>,
    /// The overrides of the preview.
    pub overrides: Overrides,
}

/// The result of reading an entry.
#[derive(Debug)]
pub(crate) struct Reading {
    pub scenario: Result<Scenario, ScenarioError>,
    pub overrides: Overrides,
    /// The preview with these overrides, or why it cannot be run.
    pub preview: Result<Preview, String>,
    /// Why it must not be run against the current host.
    pub refusal: Option<&'static str>,
}

impl ReadRequest {
    /// Reads and previews the scenario. Takes milliseconds, so it must not run on the thread of the screen.
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
