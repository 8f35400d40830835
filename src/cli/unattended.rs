//! `katydid --headless`: a run for scripts and continuous integration.

use std::process::ExitCode;

use super::load::Loader;
use super::{Run, USAGE, fail, print};
use crate::headless::{self, Options};
use crate::report;
use crate::scenario::catalog::embedded_demo;
use crate::scenario::{Scenario, ScenarioError};
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, RunState};

/// Runs the scenario of `--file`, or the embedded demo, to its end.
pub fn run(run: &Run) -> ExitCode {
    let scenario = match scenario(run) {
        Ok(scenario) => scenario,
        Err(error) => return fail(USAGE, &error.text),
    };
    let mut loader = Loader::new(run);
    let handle = match loader.start(&scenario, &run.overrides()) {
        Ok(handle) => handle,
        Err(text) => return fail(USAGE, &text),
    };
    let last = match headless::follow(handle, Options { only_summary: run.only_summary }) {
        Ok(last) => last,
        Err(error) => return fail(1, &format!("cannot wait for the run: {error}")),
    };
    if let Some(prefix) = &run.csv {
        match report::csv::write(prefix, &last) {
            Ok(paths) => paths.iter().for_each(|path| print(&format!("{}\n", path.display()))),
            Err(error) => return fail(1, &error.to_string()),
        }
    }
    ExitCode::from(verdict(&last, run.exit_code_on_error))
}

fn scenario(run: &Run) -> Result<Scenario, ScenarioError> {
    run.file.as_deref().map_or_else(embedded_demo, Scenario::load)
}

/// Locust's rule: any failed request or exception is an error.
pub fn verdict(last: &Snapshot, on_error: u8) -> u8 {
    match last.state {
        RunState::Done(End::Broken) => 1,
        _ if last.total.total.failures > 0 || !last.exceptions.is_empty() => on_error,
        _ => 0,
    }
}
