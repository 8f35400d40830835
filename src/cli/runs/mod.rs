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
    let entries = filter.choose(runs_dir::catalog(settings)?.entries);
    Ok(if json { list::as_json(&entries) } else { list::as_table(&entries, console::width()) })
}
