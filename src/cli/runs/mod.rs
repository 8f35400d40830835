//! `katydid runs`: lists and changes recorded runs.

mod change;
mod list;

use std::process::ExitCode;

use super::runs_args::{Filter, RunsArgs};
use super::{exit, runs_dir};
use crate::headless::console;
use crate::settings::Settings;

/// Lists the runs, or executes the subcommand.
pub(super) fn run(args: RunsArgs, settings: &Settings) -> ExitCode {
    let RunsArgs { filter, json, command } = args;
    let done = match command {
        None => listed(filter, json, settings).map_err(|why| (why, exit::TROUBLE)),
        Some(_) if json || filter != Filter::default() => {
            Err(("the options of a list have no effect here: remove them".to_owned(), exit::USAGE))
        }
        Some(command) => change::changed(command, settings),
    };
    match done {
        Ok(text) => {
            console::say(&text);
            ExitCode::SUCCESS
        }
        Err((why, code)) => {
            console::warn(&why);
            ExitCode::from(code)
        }
    }
}

fn listed(filter: Filter, json: bool, settings: &Settings) -> Result<String, String> {
    let is_all = filter == Filter { all: filter.all, ..Filter::default() };
    let entries = filter.choose(runs_dir::catalog(settings)?.entries);
    if json {
        return Ok(list::as_json(&entries));
    }
    if entries.is_empty() {
        let root = runs_dir::of(settings)?;
        console::warn(&format!("{} in {}", if is_all { "no runs" } else { "no run matches" }, root.display()));
    }
    Ok(list::as_table(&entries, console::full_width()))
}
