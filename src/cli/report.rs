//! `katydid report RUN`: writes reports of a recorded run, also of a running or an aborted one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{exit, runs_dir};
use crate::headless::console;
use crate::report::{self, FORMATS, Format, text};
use crate::settings::Settings;
use crate::store::{self, ReadError, Run, State, folder};
use crate::system::output;
use crate::verdict::{self, Verdict};

/// Name of the subcommand.
const NAME: &str = "report";

/// Selected formats with their paths.
pub(super) type Places = Vec<(&'static dyn Format, PathBuf)>;

/// Adds an option for each format.
pub(super) fn add(command: Command) -> Command {
    let option = |format: &&'static dyn Format| {
        let arg = Arg::new(format.name()).long(format.name()).value_name(format.place());
        let arg = arg.visible_aliases(format.alias());
        arg.help(format.help()).value_parser(value_parser!(PathBuf))
    };
    command.mut_subcommand(NAME, |report| report.args(FORMATS.iter().map(option)))
}

/// Returns the formats selected on the command line with their paths.
pub(super) fn places(matches: &ArgMatches) -> Places {
    let Some(matches) = matches.subcommand_matches(NAME) else { return Vec::new() };
    let place = |format: &&'static dyn Format| Some((*format, matches.get_one::<PathBuf>(format.name())?.clone()));
    FORMATS.iter().filter_map(place).collect()
}

/// Writes the reports, or prints the summary if none is selected.
pub(super) fn run(id: &str, places: &[(&'static dyn Format, PathBuf)], settings: &Settings) -> ExitCode {
    let run = match read(id, settings) {
        Ok(run) => run,
        Err((why, code)) => {
            console::warn(&why);
            return ExitCode::from(code);
        }
    };
    if let Some(words) = unfinished(run.state) {
        console::warn(words);
    }
    if places.is_empty() {
        console::say(&text::recorded(&run, &verdict(&run), console::width()));
        return ExitCode::SUCCESS;
    }
    let files: Vec<PathBuf> = places.iter().flat_map(|(format, place)| format.files(place)).collect();
    let conflicts = report::conflicts(&files, &files_of(&run, settings));
    if !conflicts.is_empty() {
        conflicts.iter().for_each(|why| console::warn(why));
        return ExitCode::from(exit::USAGE);
    }
    if files.iter().any(|path| output::is_stdout(path)) {
        console::reserve_output();
    }
    let errors: Vec<String> = places.iter().filter_map(|(format, place)| written(*format, place, &run).err()).collect();
    errors.iter().for_each(|why| console::warn(why));
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::TROUBLE) }
}

/// The files that the run was read from.
fn files_of(run: &Run, settings: &Settings) -> Vec<PathBuf> {
    let Ok(root) = runs_dir::of(settings) else { return Vec::new() };
    folder::FILES.iter().map(|file| root.join(&run.meta.id).join(file)).collect()
}

/// The run, or why there is none and the exit code.
pub(super) fn read(id: &str, settings: &Settings) -> Result<Run, (String, u8)> {
    let catalog = runs_dir::catalog(settings).map_err(|why| (why, exit::TROUBLE))?;
    let entry = catalog.find(id).map_err(|why| (why, exit::USAGE))?;
    store::read(&entry.folder).map_err(|error| {
        let is_about_the_choice = matches!(error, ReadError::Removed { .. } | ReadError::Empty { .. });
        (error.to_string(), if is_about_the_choice { exit::USAGE } else { exit::TROUBLE })
    })
}

/// The verdict at the end of the run. Whether failed requests count besides thresholds is known only from the verdict.
fn verdict(run: &Run) -> Verdict {
    let usual = verdict::conclude(&run.last, false);
    let is_other = run.meta.outcome.as_ref().is_some_and(|outcome| outcome.verdict != usual.conclusion.word());
    if is_other { verdict::conclude(&run.last, true) } else { usual }
}

fn written(format: &'static dyn Format, place: &std::path::Path, run: &Run) -> Result<(), String> {
    let paths = format.check(place).and_then(|()| format.write(place, run)).map_err(|error| error.to_string())?;
    paths
        .iter()
        .filter(|path| !output::is_stdout(path))
        .for_each(|path| console::say(&format!("wrote {}", path.display())));
    Ok(())
}

fn unfinished(state: State) -> Option<&'static str> {
    match state {
        State::Ended => None,
        State::Running => Some("this run still goes on: the figures are those of now"),
        State::CutShort => Some("this run was cut short: the figures are those that were written until then"),
    }
}
