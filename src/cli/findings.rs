//! `katydid findings RUN…`: writes the findings page of recorded runs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{exit, report, runs_dir};
use crate::clean;
use crate::headless::console;
use crate::report::allowance::Allowance;
use crate::report::conflicts;
use crate::report::findings_page::{self, Evidence, MAX_RUNS};
use crate::settings::Settings;
use crate::store::{Run, State, usage};
use crate::system::output;

/// Runs and output files.
#[derive(Debug, Clone, PartialEq, Args)]
pub(super) struct FindingsArgs {
    /// Ids of at most 8 runs, unique prefixes of ids, or `latest`
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// Write the page as Markdown to FILE
    #[arg(long, visible_alias = "md", value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write the page as HTML, for presentations or printing, to FILE
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Writes the page, or prints it as Markdown if no file is specified.
pub(super) fn run(args: &FindingsArgs, settings: &Settings) -> ExitCode {
    match page(args, settings) {
        Ok(code) => code,
        Err((why, code)) => {
            console::warn(&why);
            ExitCode::from(code)
        }
    }
}

fn page(args: &FindingsArgs, settings: &Settings) -> Result<ExitCode, (String, u8)> {
    let runs = runs(&args.runs, settings)?;
    for run in &runs {
        if let Some(note) = unfinished(run.state) {
            console::warn(&format!("{} {note}", run.meta.id));
        }
    }
    let trouble = |why: String| (why, exit::TROUBLE);
    let root = runs_dir::of(settings).map_err(trouble)?;
    let zone = TimeZone::system();
    let usage = usage::usage(&root, &zone)
        .map_err(|why| trouble(format!("cannot read {}: {}", root.display(), clean::cause(&why))))?;
    let allowance = Allowance::new(settings);
    let evidence = Evidence { runs: &runs, usage: &usage, allowance: &allowance, zone: &zone, now: Timestamp::now() };
    if args.markdown.is_none() && args.html.is_none() {
        console::say(&evidence.markdown());
        return Ok(ExitCode::SUCCESS);
    }
    let files: Vec<PathBuf> = args.markdown.iter().chain(&args.html).cloned().collect();
    if let Some(why) = conflicts(&files, &[]).into_iter().next() {
        return Err((why, exit::USAGE));
    }
    if files.iter().any(|path| output::is_stdout(path)) {
        console::reserve_output();
    }
    let markdown = args.markdown.iter().map(|path| (path, evidence.markdown()));
    let html = args.html.iter().map(|path| (path, evidence.html()));
    let mut code = ExitCode::SUCCESS;
    for (path, text) in markdown.chain(html) {
        match findings_page::write(path, &text) {
            Ok(()) if output::is_stdout(path) => {}
            Ok(()) => console::say(&format!("wrote {}", path.display())),
            Err(error) => {
                console::warn(&error.to_string());
                code = ExitCode::from(exit::TROUBLE);
            }
        }
    }
    Ok(code)
}

/// Reads the runs, and sorts them by start, oldest first. Errors have an exit code.
fn runs(names: &[String], settings: &Settings) -> Result<Vec<Run>, (String, u8)> {
    if names.len() > MAX_RUNS {
        let why = format!("expected at most {MAX_RUNS} runs, found {}", names.len());
        return Err((why, exit::USAGE));
    }
    let mut runs = Vec::new();
    for name in names {
        let run = report::read(name, settings)?;
        if runs.iter().any(|known: &Run| known.meta.id == run.meta.id) {
            return Err((format!("the run {} is named twice", run.meta.id), exit::USAGE));
        }
        runs.push(run);
    }
    runs.sort_by_key(|run| run.meta.started);
    Ok(runs)
}

/// A note about a run that did not end; `None` for one that did.
fn unfinished(state: State) -> Option<&'static str> {
    match state {
        State::Ended => None,
        State::Running => Some("is still running: the figures are preliminary"),
        State::CutShort => Some("was cut short: the figures end at the last write"),
    }
}
