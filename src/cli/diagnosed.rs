//! What `katydid doctor` and the launcher check: the run, and what it would refuse at its start.

use std::path::PathBuf;

use super::reports::Wanted;
use super::{budget, runs_dir};
use crate::doctor::{Refused, Subject};
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::settings::Settings;

/// All checks of a run of `scenario` with these settings.
pub(super) fn subject(
    scenario: Option<Result<Scenario, ScenarioError>>,
    overrides: &Overrides,
    settings: &Settings,
) -> Subject {
    let known = scenario.as_ref().and_then(|scenario| scenario.as_ref().ok());
    let own = known.map(|scenario| scenario.reports().clone()).unwrap_or_default();
    let read: Vec<PathBuf> = known.map_or_else(|| settings.file.clone().into_iter().collect(), Scenario::files);
    let subject = Subject::new(scenario, overrides, settings, runs_dir::recorded_to(settings));
    let plan = subject.plan.as_deref();
    let wanted = Wanted::new(settings, &own).planned(plan);
    let refused = Refused {
        over_budget: plan.and_then(|plan| budget::excess(plan, settings.vu_budget)).map(|excess| excess.words()),
        files: wanted.count(),
        unwritable: wanted.log_error().into_iter().chain(wanted.errors(&read)).collect(),
    };
    subject.refusing(refused)
}
