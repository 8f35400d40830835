//! A run without a screen: tables, files, exit code.

use std::process::ExitCode;

use super::load::Local;
use super::{exit, panics, pick, unnamed};
use crate::headless::{self, console};
use crate::report::{self, text};
use crate::settings::Settings;
use crate::stats::Snapshot;

/// Locust's default of `--exit-code-on-error`.
const ON_ERROR: u8 = 1;

/// Runs the scenario that `-f` names, else the demo.
pub(super) fn run(settings: &Settings) -> ExitCode {
    console::write_from_threads();
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
    if settings.file.is_none() {
        console::warn("no scenario named with -f: running the embedded demo");
    }
    if !can_write_csv(settings) {
        return exit::USAGE;
    }
    if let Some(words) = unnamed::warning(&scenario, settings.host.as_deref()) {
        console::warn(&words);
    }
    // Kept to the end of the run: it owns the demo target.
    let mut local = Local::new(settings.load_threads(), settings.seed).logged();
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
    let last = match headless::follow(handle, settings) {
        Ok(last) => last,
        Err(error) => {
            console::warn(&format!("cannot wait for signals: {error}"));
            return exit::TROUBLE;
        }
    };
    let written = write_csv(settings, &last);
    exit::of_run(&last, settings.exit_code_on_error.unwrap_or(ON_ERROR), written)
}

/// Checks before a run that the files of `--csv` can be written; prints a warning if not.
pub(super) fn can_write_csv(settings: &Settings) -> bool {
    let checked = settings.csv.as_deref().map_or(Ok(()), report::csv::check);
    if let Err(error) = &checked {
        console::warn(&panics::masked(&error.to_string()));
    }
    checked.is_ok()
}

/// Writes the files of `--csv` and prints their paths; false if one could not be written.
pub(super) fn write_csv(settings: &Settings, last: &Snapshot) -> bool {
    let Some(prefix) = &settings.csv else { return true };
    match report::csv::write(prefix, last) {
        Ok(paths) => {
            for path in paths {
                console::say(&panics::masked(&format!("wrote {}", path.display())));
            }
            true
        }
        Err(error) => {
            console::warn(&panics::masked(&error.to_string()));
            false
        }
    }
}
