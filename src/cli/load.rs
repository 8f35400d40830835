//! From a scenario and overrides to a running load: what the screen and the headless run have in common.

use std::sync::Arc;

use super::Run;
use crate::demo::DemoTarget;
use crate::engine::{self, RunHandle};
use crate::scenario::{DEMO_HOST, Overrides, Scenario};

/// Starts loads, and the demo target when a scenario wants it.
#[derive(Debug)]
pub struct Loader {
    options: engine::Options,
    /// Lives as long as runs may need it.
    demo: Option<DemoTarget>,
}

impl Loader {
    pub fn new(run: &Run) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = run.threads.map_or(processors, usize::from);
        Self { options: engine::Options { threads, seed: run.seed.unwrap_or_else(|| fastrand::u64(..)) }, demo: None }
    }

    /// Starts the scenario at once. The error is in words, for whoever sees it.
    pub fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String> {
        let mut overrides = overrides.clone();
        if overrides.host.as_deref().or(scenario.host()) == Some(DEMO_HOST) {
            overrides.host = Some(self.demo_url()?);
        }
        let plan = scenario.plan(&overrides).map_err(|error| error.text)?;
        engine::start(Arc::new(plan), self.options).map_err(|error| error.to_string())
    }

    fn demo_url(&mut self) -> Result<String, String> {
        let target = match self.demo.take() {
            Some(target) => target,
            None => DemoTarget::start(0).map_err(|error| format!("the demo target does not start: {error}"))?,
        };
        Ok(self.demo.insert(target).url())
    }
}
