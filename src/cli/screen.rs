//! `katydid`: the full-screen view.

use std::path::Path;
use std::process::ExitCode;

use super::load::Loader;
use super::unattended::verdict;
use super::{Run, fail, print};
use crate::engine::RunHandle;
use crate::report;
use crate::scenario::catalog::{self, Entry, Origin};
use crate::scenario::{Overrides, Scenario};
use crate::tui::{self, Exit, Farewell, Options, Starter};

impl Starter for Loader {
    fn start(&mut self, scenario: &Scenario, overrides: &Overrides) -> Result<RunHandle, String> {
        Loader::start(self, scenario, overrides)
    }
}

/// Opens the launcher; what was seen last stays on the ordinary screen.
pub fn run(run: &Run) -> ExitCode {
    let options = Options {
        theme: run.theme.into(),
        ascii: run.ascii,
        out: run.out.clone(),
        selected: 0,
        overrides: run.overrides(),
        autostart: run.autostart,
    };
    match tui::run(entries(run.file.as_deref()), &mut Loader::new(run), options) {
        Ok(farewell) => leave(&farewell, run.exit_code_on_error),
        Err(error) => fail(1, &format!("{error}; --headless runs without a screen")),
    }
}

fn entries(named: Option<&Path>) -> Vec<Entry> {
    let user = directories::ProjectDirs::from("", "", "katydid").map(|dirs| dirs.config_dir().join("scenarios"));
    let mut entries = catalog::discover(Path::new("scenarios"), user.as_deref());
    if let Some(path) = named {
        entries.retain(|entry| entry.path.as_deref() != Some(path));
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let scenario = Scenario::load(path);
        entries.insert(0, Entry { name, origin: Origin::Named, path: Some(path.to_owned()), scenario });
    }
    entries
}

fn leave(farewell: &Farewell, on_error: u8) -> ExitCode {
    if farewell.exit == Exit::HangUp {
        // Nobody can read a summary, and the thread that reads keys may never come back from a dead terminal.
        std::process::exit(128 + 1);
    }
    if let Some(last) = &farewell.last {
        print(&report::text::summary(last, width()));
    }
    for path in &farewell.exports {
        print(&format!(" csv      {}\n", path.display()));
    }
    match farewell.exit {
        Exit::Signal(number) => ExitCode::from(128_u8.saturating_add(u8::try_from(number).unwrap_or(0))),
        _ => ExitCode::from(farewell.last.as_ref().map_or(0, |last| verdict(last, on_error))),
    }
}

fn width() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}
