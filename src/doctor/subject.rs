//! What is checked.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::response::TargetResponse;
use crate::clean;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::Plan;
use crate::scenario::secrets::{Redactor, userinfo};
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::settings::Settings;

/// Maximum characters of text from a server that are shown.
const MAX_EXCERPT: usize = 120;

/// Which checks run, and for how long at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All checks, including those that send a request.
    Full,
    /// Before a run: sends no request.
    Preflight,
}

impl Mode {
    /// Maximum duration of all checks together.
    pub fn limit(self) -> Duration {
        match self {
            Mode::Full => Duration::from_secs(10),
            Mode::Preflight => Duration::from_millis(2_800),
        }
    }
}

/// What the run itself refuses at its start, found by those who would start it.
#[derive(Debug, Default)]
pub struct Refused {
    /// Why the plan exceeds the budget of VU-hours.
    pub over_budget: Option<String>,
    /// Number of reports and other files of the run.
    pub files: usize,
    /// Why some of them cannot be written.
    pub unwritable: Vec<String>,
}

/// A run that is to be checked.
#[derive(Debug)]
pub struct Subject {
    /// Which checks run.
    pub mode: Mode,
    /// The scenario, or its diagnostics; `None` if none is named.
    pub scenario: Option<Result<Scenario, String>>,
    /// Why a valid scenario has no plan with these settings.
    pub refused: Option<String>,
    /// The plan of the run, if the scenario is valid.
    pub plan: Option<Arc<Plan>>,
    /// What the run refuses at its start.
    pub run_refuses: Refused,
    /// Settings of the run.
    pub settings: Settings,
    /// Folder of recorded runs; `None` if the run is not recorded.
    pub runs_dir: Option<PathBuf>,
    /// Masks the secrets of scenario and settings.
    pub secrets: Arc<Redactor>,
    pub(super) resolver: CachingResolver,
    /// The time at which all checks end.
    pub(super) deadline: Instant,
    pub(super) response: OnceCell<Option<TargetResponse>>,
}

impl Subject {
    /// All checks of a run of `scenario` with these overrides and its own values, or, without one, of the settings.
    pub fn new(
        scenario: Option<Result<Scenario, ScenarioError>>,
        overrides: &Overrides,
        settings: &Settings,
        runs_dir: Option<PathBuf>,
    ) -> Self {
        let planned = match &scenario {
            Some(Ok(scenario)) => Some(scenario.plan(&scenario.completed(overrides))),
            Some(Err(_)) | None => None,
        };
        let (plan, refused) = match planned {
            Some(Ok(plan)) => (Some(Arc::new(plan)), None),
            Some(Err(why)) => (None, Some(why.text)),
            None => (None, None),
        };
        let scenario = scenario.map(|scenario| scenario.map_err(|error| error.text));
        Self { refused, ..Self::make(Mode::Full, scenario, plan, settings, runs_dir) }
    }

    /// Adds what the run refuses at its start.
    #[must_use]
    pub fn refusing(self, run_refuses: Refused) -> Self {
        Self { run_refuses, ..self }
    }

    /// The preflight of a run of this plan.
    pub fn before(plan: Plan, settings: &Settings, runs_dir: Option<PathBuf>) -> Self {
        Self::make(Mode::Preflight, None, Some(Arc::new(plan)), settings, runs_dir)
    }

    fn make(
        mode: Mode,
        scenario: Option<Result<Scenario, String>>,
        plan: Option<Arc<Plan>>,
        settings: &Settings,
        runs_dir: Option<PathBuf>,
    ) -> Self {
        let own = match (&plan, &scenario) {
            (Some(plan), _) => Arc::clone(&plan.secrets),
            (None, Some(Ok(scenario))) => Arc::clone(scenario.secrets()),
            (None, _) => Arc::default(),
        };
        let secrets = own.with(settings.secrets().iter().map(String::as_str));
        Self {
            mode,
            scenario,
            refused: None,
            run_refuses: Refused::default(),
            plan,
            settings: settings.clone(),
            runs_dir,
            secrets,
            resolver: CachingResolver::default(),
            deadline: Instant::now() + mode.limit(),
            response: OnceCell::new(),
        }
    }

    /// The host of the settings: of a flag or a variable, or else the default of `config.yaml` or of a variable.
    pub(super) fn given_host(&self) -> Option<&str> {
        self.settings.host.as_deref().or(self.settings.load_defaults.host.as_deref())
    }

    /// Removes secrets and control characters from a text. Keeps line breaks.
    pub fn clean(&self, text: &str) -> String {
        let masked = self.secrets.mask(text);
        let masked = userinfo::mask(&masked);
        masked.lines().map(clean::line).collect::<Vec<_>>().join("\n")
    }

    /// The start of a text from a server, on one line.
    pub fn excerpt(&self, text: &str) -> String {
        clean::line(&self.secrets.clip(text.trim(), MAX_EXCERPT)).into_owned()
    }

    /// Peak number of users, or the maximum with arrivals; `None` without a plan.
    pub(super) fn users(&self) -> Option<u32> {
        self.plan.as_ref().map(|plan| plan.schedule.peak_users().0)
    }
}
