//! Starts runs on the local engine, and the demo target for those that want it.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use super::budget::{self, Excess};
use super::exit::Rule;
use super::recording::{Recording, Started};
use super::reports::Wanted;
use super::usage::{Left, left};
use super::{diagnosed, panics, pick, runs_dir, unnamed};
use crate::demo::DemoTarget;
use crate::doctor::Subject;
use crate::engine::{self, Command, EngineError, RunHandle};
use crate::headless::console;
use crate::protocol::redis;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{DEMO_HOST, Overrides, Scenario, ScenarioError, estimate, is_redis};
use crate::settings::Settings;
use crate::sink;
use crate::stats::Snapshot;
use crate::stats::snapshot::RunState;
use crate::store::{News, Sending, Writing};
use crate::system::{ci, workflow_command};
use crate::tui::{List, Probe, ProbeError, Starter};

/// Upper bound of seeds that are not given: readers of JSON keep whole numbers below it.
const LARGEST_SEED: u64 = 1 << 53;

/// How long the launcher waits for a Redis to respond.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Keeps the demo target alive from the first run that needs it until it is dropped.
#[derive(Debug)]
pub(super) struct Local {
    threads: usize,
    seed: Option<u64>,
    vu_budget: Option<f64>,
    settings: Settings,
    /// Rest of the month's allowance, cached until the next run.
    left: OnceCell<Option<Left>>,
    demo: Option<DemoTarget>,
    /// Remarks on the run that was started last.
    remarks: Vec<String>,
    /// The host of the command line or the environment, and the scenario that was named beside it.
    given: (Option<String>, Option<Scenario>),
    /// The statistics are reset once the ramp is complete.
    resets_after_ramp: bool,
    /// Records the runs.
    pub(super) recording: Recording,
    /// Standard output is a log, perhaps of a CI system that needs to know what to mask.
    logged: bool,
}

/// A run that could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// The scenario or its overrides are wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// More is planned than its user allows.
    #[error("{}", .0.words())]
    Budget(Excess),
    /// No demo target.
    #[error("cannot start the demo target: {0}")]
    Demo(std::io::Error),
    /// No engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl StartError {
    /// The message with secrets masked: it may quote file names and the like.
    pub(super) fn masked(&self, scenario: &Scenario) -> String {
        scenario.secrets().mask(&self.to_string()).into_owned()
    }

    /// True if the scenario is at fault, not this machine.
    pub(super) fn is_about_the_scenario(&self) -> bool {
        match self {
            StartError::Scenario(_)
            | StartError::Budget { .. }
            | StartError::Engine(EngineError::NotRunnable(_) | EngineError::Data(_)) => true,
            StartError::Engine(_) | StartError::Demo(_) => false,
        }
    }
}

impl Local {
    /// Without a seed every run gets a new one.
    pub(super) fn new(settings: &Settings, rule: Rule) -> Self {
        Self {
            threads: settings.load_threads(),
            seed: settings.seed,
            vu_budget: settings.vu_budget,
            settings: settings.clone(),
            left: OnceCell::new(),
            demo: None,
            remarks: Vec::new(),
            given: (None, None),
            resets_after_ramp: settings.reset_stats,
            recording: Recording::new(settings, rule),
            logged: false,
        }
    }

    /// For runs that print: their secrets are reported to the CI system before anything else is printed.
    pub(super) fn logged(mut self) -> Self {
        self.logged = true;
        self
    }

    /// Embedded examples that a person picks are not sent to this host, unless it was named together with them.
    pub(super) fn sending_to(mut self, host: Option<String>, named: Option<Scenario>) -> Self {
        self.given = (host, named);
        self
    }

    /// True for an example that would be sent to another host without having been named.
    fn is_unnamed_and_diverted(&self, scenario: &Scenario, host: Option<&str>) -> bool {
        let (given, named) = &self.given;
        let is_named = named.as_ref().is_some_and(|named| named.is_embedded() && named.name() == scenario.name());
        host == given.as_deref() && !is_named && unnamed::is_diverted(scenario, host)
    }

    /// Remarks on the run that was started last, such as too few users for its classes.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Starts `scenario` at once.
    pub(super) fn launch(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, StartError> {
        let mut overrides = scenario.completed(overrides).into_owned();
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..LARGEST_SEED));
        let is_demo = wants_demo(scenario.host(), overrides.host.as_deref());
        if is_demo {
            overrides.demo = Some(self.demo_url(seed).map_err(StartError::Demo)?);
        }
        let mut plan = scenario.plan(&overrides)?;
        plan.runnable()?;
        plan.vu_budget = self.vu_budget;
        if let Some(excess) = budget::excess(&plan, plan.vu_budget) {
            return Err(StartError::Budget(excess));
        }
        panics::protect(&plan.secrets);
        if self.logged {
            hide(&plan.secrets);
        }
        self.remarks = estimate::remarks(&plan);
        if self.logged {
            let planned = estimate::estimate(&plan).vu_hours;
            self.remarks.extend(planned.and_then(|planned| self.warning(planned)));
        }
        self.left = OnceCell::new();
        let plan = Arc::new(plan);
        let handle = engine::start(Arc::clone(&plan), engine::EngineOptions { threads: self.threads, seed })?;
        if self.resets_after_ramp {
            reset_after_ramp(handle.clone());
        }
        self.recording.start(&Started { scenario, plan: &plan, handle: &handle, seed, threads: self.threads, is_demo });
        Ok(handle)
    }

    /// The checks before a run of this scenario; `None` if they are disabled, or if the run would not start anyway.
    pub(super) fn checks(&self, scenario: &Scenario, overrides: &Overrides) -> Option<Subject> {
        if self.settings.no_preflight {
            return None;
        }
        let plan = scenario.plan(&scenario.completed(overrides)).ok()?;
        plan.runnable().is_ok().then(|| Subject::before(plan, &self.settings, runs_dir::recorded_to(&self.settings)))
    }

    /// Restarts its faults from the seed, so that a second run has the same.
    fn demo_url(&mut self, seed: u64) -> std::io::Result<String> {
        let demo = match self.demo.take() {
            Some(demo) => demo,
            None => DemoTarget::start(0)?,
        };
        demo.seed(seed);
        Ok(self.demo.insert(demo).url())
    }
}

impl Starter for Local {
    fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String> {
        if let Some(why) = self.refusal(scenario, overrides) {
            return Err(why.to_owned());
        }
        let plan = scenario.plan(&scenario.completed(overrides)).ok();
        let reports = Wanted::new(&self.settings, scenario.reports()).planned(plan.as_ref());
        if let Some(why) = reports.refused_on_screen(&scenario.files()) {
            return Err(scenario.secrets().mask(&why).into_owned());
        }
        self.launch(scenario, overrides).map_err(|error| error.masked(scenario))
    }

    fn warning(&self, planned: f64) -> Option<String> {
        self.left.get_or_init(|| left(&self.settings)).and_then(|left| left.warning(planned))
    }

    fn writing(&self) -> Vec<Writing> {
        self.recording.writing()
    }

    fn ended(&mut self) {
        self.recording.end();
    }

    fn news(&mut self) -> Vec<News> {
        self.recording.news()
    }

    fn sending(&self) -> Vec<Sending> {
        let masked = |(why, at): (Arc<str>, _)| (panics::masked(&why).into(), at);
        let sending = self.recording.sending().into_iter();
        sending.map(|one| Sending { last: one.last.map(masked), ..one }).collect()
    }

    fn destinations(&self) -> Vec<String> {
        let sinks = sink::configured(&self.settings).unwrap_or_default();
        sinks.iter().map(|sink| format!("{} ({})", sink.name(), sink.place())).collect()
    }

    fn list(&self) -> Option<List> {
        let (file, select) = (self.settings.file.clone(), self.settings.select());
        Some(Box::new(move || pick::entries(file.as_deref(), &select)))
    }

    fn read(&mut self, scenario: &Scenario) {
        panics::protect_also(scenario.secrets());
    }

    fn refusal(&self, scenario: &Scenario, overrides: &Overrides) -> Option<&'static str> {
        self.is_unnamed_and_diverted(scenario, overrides.host.as_deref()).then_some(unnamed::NOT_NAMED)
    }

    fn preflight(&self, scenario: &Scenario, overrides: &Overrides) -> Option<Subject> {
        // It would not start.
        if self.refusal(scenario, overrides).is_some() {
            return None;
        }
        self.checks(scenario, overrides)
    }

    fn diagnosis(&self, scenario: Result<Scenario, ScenarioError>, overrides: &Overrides) -> Option<Subject> {
        Some(diagnosed::subject(Some(scenario), overrides, &self.settings))
    }

    fn masked(&self, text: &str) -> String {
        panics::masked(text)
    }

    fn probe(&self, target: &RedisTarget, secrets: &Arc<Redactor>) -> Option<Probe> {
        let (target, secrets) = (target.clone(), Arc::clone(secrets));
        Some(Box::new(move || {
            let response = redis::probe(&target, &secrets, PROBE_TIMEOUT);
            response.map_err(|silent| ProbeError { why: silent.why.to_string(), reached: silent.reached })
        }))
    }
}

/// The demo target of a trial that wants it, with its address put into `overrides`; it is stopped when dropped. It has
/// no faults: a trial tests the scenario.
pub(super) fn demo_for(
    scenario: &Scenario,
    overrides: &mut Overrides,
    seed: u64,
) -> std::io::Result<Option<DemoTarget>> {
    *overrides = scenario.completed(overrides).into_owned();
    if !wants_demo(scenario.host(), overrides.host.as_deref()) {
        return Ok(None);
    }
    let demo = DemoTarget::start(0)?;
    demo.seed_without_faults(seed);
    overrides.demo = Some(demo.url());
    Ok(Some(demo))
}

/// Resets the statistics when the users of the run are all there for the first time. Without a thread they stay as they
/// are.
fn reset_after_ramp(handle: RunHandle) {
    let body = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
        let mut snapshots = handle.subscribe();
        let is_over = |snapshot: &Arc<Snapshot>| {
            !matches!(snapshot.state, RunState::Prefilling | RunState::Ramping | RunState::Paused)
        };
        let seen = runtime.block_on(snapshots.wait_for(is_over)).map(|snapshot| snapshot.state);
        if seen.is_ok_and(|state| state == RunState::Running) {
            // A run that has ended has nothing to reset.
            let _ = handle.send(Command::ResetStatistics);
        }
    };
    let _ = std::thread::Builder::new().name("reset".to_owned()).spawn(body);
}

/// In GitHub Actions, requests to mask the secrets in all later output of the job.
pub(super) fn hide(secrets: &Redactor) {
    if ci::is_github_actions() {
        secrets.values().iter().for_each(|value| console::command(&workflow_command::command("add-mask", &[], value)));
    }
}

/// True if the effective host is the demo target.
fn wants_demo(scenario: Option<&str>, flag: Option<&str>) -> bool {
    flag.filter(|host| !is_redis(host)).or(scenario) == Some(DEMO_HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unseeded() -> Local {
        let settings = Settings { threads: Some(1), no_record: true, ..Settings::default() };
        Local::new(&settings, Rule::screen(&settings))
    }

    #[test]
    fn a_given_host_beats_the_demo_target() {
        for (scenario, flag, wanted) in [
            (Some("demo"), None, true),
            (Some("demo"), Some("http://h"), false),
            (Some("http://h"), None, false),
            (Some("http://h"), Some("demo"), true),
            (None, Some("demo"), true),
            (None, None, false),
        ] {
            assert_eq!(wants_demo(scenario, flag), wanted, "{scenario:?} {flag:?}");
        }
    }

    #[test]
    fn an_example_goes_to_a_given_host_only_when_it_was_named() {
        let scenario = |text: &str| Scenario::parse("e.yaml", text).unwrap();
        let (one, two) = (
            "name: one\nhost: demo\ntasks: [{ steps: [{ get: / }] }]",
            "name: two\nhost: demo\ntasks: [{ steps: [{ get: / }] }]",
        );
        let local = |host: Option<&str>, named| unseeded().sending_to(host.map(str::to_owned), named);
        let far = Some("http://staging");
        assert!(local(far, None).is_unnamed_and_diverted(&scenario(one), far));
        assert!(local(far, Some(scenario(two))).is_unnamed_and_diverted(&scenario(one), far));
        assert!(!local(far, Some(scenario(one))).is_unnamed_and_diverted(&scenario(one), far));
        // Typed into the launcher, beside the example.
        assert!(!local(None, None).is_unnamed_and_diverted(&scenario(one), far));
        assert!(!local(far, None).is_unnamed_and_diverted(&scenario(one), Some("http://other")));
        assert!(!local(Some("demo"), None).is_unnamed_and_diverted(&scenario(one), Some("demo")));
        assert_eq!(
            local(far, None)
                .start(&scenario(one), &Overrides { host: far.map(str::to_owned), ..Overrides::default() })
                .map(|_| ()),
            Err(unnamed::NOT_NAMED.to_owned())
        );
    }

    #[test]
    fn the_demo_target_is_started_once_and_stops_with_its_owner() {
        let mut local = unseeded();
        let url = local.demo_url(1).unwrap();
        assert_eq!(local.demo_url(2).unwrap(), url);
        let address = url.trim_start_matches("http://").to_owned();
        assert!(std::net::TcpStream::connect(&address).is_ok());
        drop(local);
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}
