//! `katydid doctor`: checks a run before it starts.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{diagnosed, exit, load, panics, pick};
use crate::clean;
use crate::doctor::{self, Answer, Level};
use crate::headless::console;
use crate::settings::{Settings, ThemeName};
use crate::tui::checks::{self, LEVEL, Row};

/// Runs all checks and prints their lines. Errors make the exit code 2, warnings do not.
pub(super) fn run(settings: &Settings, json: bool) -> ExitCode {
    let scenario = settings.file.as_deref().map(|file| pick::one(Some(file), &settings.select()).load());
    if let Some(Ok(scenario)) = &scenario {
        panics::protect(scenario.secrets());
    }
    let subject = diagnosed::subject(scenario, &settings.overrides(), settings);
    load::hide(&subject.secrets);
    let answers = doctor::run(subject);
    console::say(&if json { as_json(&answers) } else { as_text(&answers, settings) });
    let errors = doctor::count(&answers, Level::Error);
    ExitCode::from(if errors > 0 { exit::USAGE } else { exit::CLEAN })
}

fn as_json(answers: &[Answer]) -> String {
    let worst = doctor::lines(answers).map(|(_, line)| line.level).max().unwrap_or(Level::Ok);
    let rows = doctor::lines(answers).map(|(check, line)| {
        json!({ "check": check.id, "level": line.level.word(), "found": line.found, "advice": line.advice })
    });
    let document = json!({
        "level": worst.word(),
        "errors": doctor::count(answers, Level::Error),
        "warnings": doctor::count(answers, Level::Warning),
        "lines": rows.collect::<Vec<Value>>(),
    });
    format!("{document:#}")
}

fn as_text(answers: &[Answer], settings: &Settings) -> String {
    let colours = std::io::stdout().is_terminal() && settings.theme != ThemeName::Mono;
    let mut out = String::new();
    for Row { level, title, text, .. } in checks::rows(answers, console::full_width()) {
        let word = format!("{:<LEVEL$}", level.map_or("", Level::word));
        let word = match level.filter(|_| colours) {
            Some(level) => format!("\x1b[{}m{word}\x1b[0m", colour(level)),
            None => word,
        };
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{word}  {title}  {text}");
    }
    let _ = write!(out, "\n{}", doctor::summary(answers));
    if settings.ascii { clean::ascii(&out).into_owned() } else { out }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Ok => "32",
        Level::Warning => "33",
        Level::Error => "1;31",
    }
}
