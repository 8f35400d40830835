//! `katydid doctor`: checks a run before it starts.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{exit, load, panics, pick, runs_dir};
use crate::clean;
use crate::doctor::{self, Answer, Level, Line, Subject};
use crate::headless::console;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::settings::{Settings, ThemeName};
use crate::tui;

/// Width of the column of levels: that of `warning`.
const LEVEL: usize = 7;

/// Runs all checks and prints their lines. Errors make the exit code 2, warnings do not.
pub(super) fn run(settings: &Settings, json: bool) -> ExitCode {
    let scenario = settings.file.as_deref().map(|file| pick::one(Some(file), &settings.select()).load());
    if let Some(Ok(scenario)) = &scenario {
        panics::protect(scenario.secrets());
    }
    let subject = subject(scenario, &settings.overrides(), settings);
    load::hide(&subject.secrets);
    let answers = doctor::run(subject);
    console::say(&if json { as_json(&answers) } else { as_text(&answers, settings) });
    let is_broken = lines(&answers).any(|(_, line)| line.level == Level::Error);
    ExitCode::from(if is_broken { exit::USAGE } else { exit::CLEAN })
}

/// A run with these settings, to be checked.
pub(super) fn subject(
    scenario: Option<Result<Scenario, ScenarioError>>,
    overrides: &Overrides,
    settings: &Settings,
) -> Subject {
    let overrides = match &scenario {
        Some(Ok(scenario)) => scenario.completed(overrides).into_owned(),
        _ => overrides.clone(),
    };
    Subject::new(scenario, &overrides, settings, runs_dir::recorded_to(settings))
}

fn lines(answers: &[Answer]) -> impl Iterator<Item = (&Answer, &Line)> {
    answers.iter().flat_map(|answer| answer.lines.iter().map(move |line| (answer, line)))
}

fn count(answers: &[Answer], level: Level) -> usize {
    lines(answers).filter(|(_, line)| line.level == level).count()
}

fn as_json(answers: &[Answer]) -> String {
    let worst = lines(answers).map(|(_, line)| line.level).max().unwrap_or(Level::Ok);
    let rows = lines(answers).map(|(answer, line)| {
        json!({ "check": answer.check.id, "level": line.level.word(), "found": line.found, "advice": line.advice })
    });
    let document = json!({
        "level": worst.word(),
        "errors": count(answers, Level::Error),
        "warnings": count(answers, Level::Warning),
        "lines": rows.collect::<Vec<Value>>(),
    });
    format!("{document:#}")
}

fn as_text(answers: &[Answer], settings: &Settings) -> String {
    let colours = std::io::stdout().is_terminal() && settings.theme != ThemeName::Mono;
    let titles = lines(answers).map(|(answer, _)| answer.check.title.len()).max().unwrap_or_default();
    let indent = " ".repeat(LEVEL + titles + 4);
    let width = console::full_width().saturating_sub(indent.len()).max(40);
    let mut out = String::new();
    let mut last = "";
    for (answer, line) in lines(answers) {
        let word = format!("{:<LEVEL$}", line.level.word());
        let word = if colours { format!("\x1b[{}m{word}\x1b[0m", colour(line.level)) } else { word };
        // A title once for all lines of a check.
        let title = if answer.check.id == last { "" } else { answer.check.title };
        last = answer.check.id;
        let found = line.found.lines().flat_map(|text| wrapped(text, width));
        let advice = line.advice.iter().flat_map(|text| wrapped(text, width));
        let mut rows = found.chain(advice);
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{word}  {title:<titles$}  {}", rows.next().unwrap_or_default());
        rows.for_each(|row| out.extend([&*indent, &row, "\n"]));
    }
    let (errors, warnings) = (count(answers, Level::Error), count(answers, Level::Warning));
    let counted = |n: usize, noun| crate::units::counted(n as u64, noun);
    let _ = match (errors, warnings) {
        (0, 0) => write!(out, "\nNo problem found"),
        (0, n) => write!(out, "\n{}", counted(n, "warning")),
        (n, 0) => write!(out, "\n{}", counted(n, "error")),
        (n, m) => write!(out, "\n{}, {}", counted(n, "error"), counted(m, "warning")),
    };
    if settings.ascii { clean::ascii(&out).into_owned() } else { out }
}

/// Prose is wrapped; excerpts of a scenario are aligned to their column and stay as they are.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.contains('|') || text.starts_with(' ') { vec![text.to_owned()] } else { tui::wrap(text, width) }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Ok => "32",
        Level::Warning => "33",
        Level::Error => "1;31",
    }
}
