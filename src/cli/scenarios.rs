//! `katydid list`: prints the scenarios that `-f` takes by name, with their descriptions.

use std::process::ExitCode;

use super::pick;
use crate::clean;
use crate::headless::console;
use crate::scenario::SelectOptions;
use crate::scenario::catalog::{Entry, Origin};

/// Prints the list.
pub(super) fn run() -> ExitCode {
    let entries = pick::entries(None, &SelectOptions::default());
    let width = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or_default();
    let lines: Vec<String> = entries.iter().map(|entry| line(entry, width)).collect();
    console::say(&lines.join("\n"));
    ExitCode::SUCCESS
}

fn line(entry: &Entry, width: usize) -> String {
    let origin = match entry.origin {
        Origin::Embedded => "embedded",
        Origin::Folder => "./scenarios",
        Origin::User => "user",
        Origin::Named => "file",
    };
    let words = match entry.load() {
        Ok(scenario) => scenario.secrets().mask(scenario.description()).into_owned(),
        Err(error) => format!("! cannot be run: {}", error.text.lines().next().unwrap_or_default()),
    };
    format!("{:<width$}  {origin:<11}  {}", clean::line(&entry.name), clean::line(&words)).trim_end().to_owned()
}
