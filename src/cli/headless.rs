//! A run without a screen: tables, files, exit code.

use std::path::Path;
use std::process::ExitCode;

use super::exit::Rule;
use super::load::Local;
use super::recording::{Line, Recording};
use super::reports::Wanted;
use super::{exit, panics, pick, target_host, unnamed};
use crate::clean;
use crate::doctor::{self, Preflight};
use crate::github;
use crate::headless::{self, Followed, Signals, Started, console, log};
use crate::report::text;
use crate::scenario::Scenario;
use crate::settings::Settings;
use crate::sink;
use crate::system::ci;

/// Runs the scenario that `-f` names, else the demo.
pub(super) fn run(settings: &Settings) -> ExitCode {
    console::write_from_threads();
    if settings.json {
        console::reserve_output();
    }
    if let Err(why) = log::start(settings.loglevel, settings.logfile.as_deref()) {
        let path = settings.logfile.as_deref().unwrap_or(Path::new("standard error")).display();
        console::warn(&format!("cannot write to {path}: {}", clean::cause(&why)));
        return ExitCode::from(exit::USAGE);
    }
    ExitCode::from(run_to_code(settings))
}

fn run_to_code(settings: &Settings) -> u8 {
    if let Some(why) = unnamed::refusal(settings) {
        console::warn(&why);
        return exit::USAGE;
    }
    let scenario = match pick::one(settings.file.as_deref(), &settings.select()).load() {
        Ok(scenario) => scenario,
        Err(error) => {
            console::warn(&error.to_string());
            return exit::USAGE;
        }
    };
    panics::protect(scenario.secrets());
    if !scenario.warnings().is_empty() {
        console::warn(&panics::masked(scenario.warnings()));
    }
    if settings.file.is_none() {
        console::warn("no scenario named with -f: running the embedded demo");
    }
    if let Some(words) = target_host::note(settings, &scenario) {
        console::warn(&words);
    }
    let plan = scenario.plan(&scenario.completed(&settings.overrides())).ok();
    let wanted = Wanted::new(settings, scenario.reports()).planned(plan.as_ref());
    if !wanted.can_be_written(&scenario.files()) {
        return exit::USAGE;
    }
    if wanted.uses_output() {
        console::reserve_output();
    }
    let github = job(settings);
    if let Some(github) = &github {
        console::warn(&github.describe());
    }
    if let Err(why) = sinks_are_named(settings) {
        console::warn(&why);
        return exit::USAGE;
    }
    if let Some(words) = unnamed::warning(&scenario, settings.host.as_deref()) {
        console::warn(&words);
    }
    // Kept to the end of the run: it owns the demo target.
    let rule = Rule::headless(settings);
    let mut local = Local::new(settings, rule).logged();
    local.recording.report_to(github);
    if !is_checked(&local, &scenario, settings) {
        return exit::USAGE;
    }
    let signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            console::warn(&format!("cannot receive signals: {}", clean::cause(&error)));
            return exit::TROUBLE;
        }
    };
    let handle = match local.launch(&scenario, &settings.overrides()) {
        Ok(handle) => handle,
        Err(error) => {
            console::warn(&error.masked(&scenario));
            return if error.is_about_the_scenario() { exit::USAGE } else { exit::TROUBLE };
        }
    };
    if handle.latest().run.is_insecure {
        console::warn(text::INSECURE);
    }
    for words in local.remarks() {
        console::warn(words);
    }
    say_lines(&mut local.recording);
    let started = Started { handle, signals, notes: local.remarks(), writing: local.recording.writing() };
    let followed = headless::follow(started, settings, |last| rule.verdict(last));
    let Followed { last, forced_by } = match followed {
        Ok(followed) => followed,
        Err(error) => {
            console::warn(&format!("cannot follow the run: {}", clean::cause(&error)));
            local.recording.give_up();
            say_lines(&mut local.recording);
            return exit::TROUBLE;
        }
    };
    let written = local.recording.finish();
    if let Some(array) = local.recording.take_data() {
        console::data(&array);
    }
    say_lines(&mut local.recording);
    let is_complete = console::flush() && written;
    let code = forced_by.map_or_else(|| rule.of_run(&last, is_complete), exit::of_signal);
    local.recording.record_code(code);
    say_lines(&mut local.recording);
    log::info(&format!("Shutting down (exit code {code})"));
    code
}

/// Checks the run before its start. False if no request of it can succeed. Signals still end the process.
fn is_checked(local: &Local, scenario: &Scenario, settings: &Settings) -> bool {
    let Some(subject) = local.checks(scenario, &settings.overrides()) else { return true };
    match doctor::preflight(subject) {
        Preflight::Start(warnings) if warnings.is_empty() => true,
        Preflight::Start(warnings) => {
            console::warn(&warnings);
            true
        }
        Preflight::Refuse(why) => {
            console::warn(&format!("error: {why}\n--no-preflight starts the run anyway"));
            false
        }
    }
}

/// The job of GitHub Actions to which the run is reported.
fn job(settings: &Settings) -> Option<github::Context> {
    let is_wanted = ci::is_github_actions() && !settings.no_github;
    is_wanted.then(|| github::Context::new(|name| std::env::var(name).ok(), settings.github_token.clone()))
}

/// Says where the run is sent to.
fn sinks_are_named(settings: &Settings) -> Result<(), String> {
    for sink in sink::configured(settings)? {
        console::warn(&sink.announcement());
    }
    Ok(())
}

/// Says what there is to say of runs that are recorded and their reports.
pub(super) fn say_lines(recording: &mut Recording) {
    recording.take_lines().iter().for_each(Line::print);
}
