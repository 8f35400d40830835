//! Reads a scenario for the launcher: compiles the file and estimates what it would do.

use std::path::Path;

use super::preview::Preview;
use super::stamps::Stamps;
use crate::scenario::catalog::Entry;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::units;

/// A request to read an entry.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    /// Index of the entry in the list.
    pub index: usize,
    pub entry: Entry,
    /// The scenario, if it was already read with other overrides, and its files at that time.
    pub known: Option<(Result<Scenario, ScenarioError>, Stamps)>,
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
    /// Its files when it was read.
    pub stamps: Stamps,
}

impl ReadRequest {
    /// Reads and previews the scenario. Takes milliseconds, so it must not run on the thread of the screen.
    pub fn read(self) -> Reading {
        let (scenario, stamps) = self.known.unwrap_or_else(|| load(&self.entry));
        let preview = match &scenario {
            Ok(scenario) => scenario
                .plan(&self.overrides)
                .map(|plan| warned(Preview::new(&plan, scenario.description()), scenario))
                .map_err(|error| error.text),
            Err(error) => Err(error.text.clone()),
        };
        Reading { scenario, overrides: self.overrides, preview, refusal: None, stamps }
    }
}

/// Adds how many warnings there are: each is several lines long.
fn warned(mut preview: Preview, scenario: &Scenario) -> Preview {
    let count = scenario.warnings().lines().filter(|line| line.starts_with("warning: ")).count();
    if count > 0 {
        let warnings = units::counted(count as u64, "warning");
        let it = if count == 1 { "it" } else { "them" };
        preview.remarks.push(format!("{warnings} about this file: `katydid check {}` shows {it}", scenario.origin()));
    }
    preview
}

fn load(entry: &Entry) -> (Result<Scenario, ScenarioError>, Stamps) {
    // Before it is read, so that no change is missed.
    let own = Stamps::of(entry.path().map(Path::to_owned));
    let scenario = entry.load();
    let others = scenario.iter().flat_map(Scenario::files).filter(|file| Some(file.as_path()) != entry.path());
    let stamps = own.and(Stamps::of(others));
    (scenario, stamps)
}
