//! Runs with a screen, and the output after them.

use std::path::PathBuf;
use std::process::ExitCode;

use super::exit::Rule;
use super::headless::say_lines;
use super::load::Local;
use super::recording::Recording;
use super::reports::Wanted;
use super::{exit, panics, pick, unnamed};
use crate::headless::console;
use crate::scenario::catalog::Origin;
use crate::scenario::plan::Reports;
use crate::settings::Settings;
use crate::sink;
use crate::system::{locale, signals};
use crate::tui::{self, Exit, Outcome};

/// Opens the launcher, or starts the run with `--autostart`.
pub(super) fn run(settings: &Settings) -> ExitCode {
    let is_ascii = || locale::is_ascii(|name| std::env::var(name).ok());
    let settings =
        &Settings { ascii: settings.ascii || !settings.given.contains_key("ascii") && is_ascii(), ..settings.clone() };
    if let Some(why) = unnamed::refusal(settings).filter(|_| settings.autostart) {
        console::warn(&why);
        return ExitCode::from(exit::USAGE);
    }
    if let Err(why) = sink::configured(settings) {
        console::warn(&why);
        return ExitCode::from(exit::USAGE);
    }
    console::write_from_threads();
    let entries = pick::entries(settings.file.as_deref(), &settings.select());
    let wanted = Wanted::new(settings, &Reports::default());
    let read: Vec<PathBuf> = settings.file.clone().into_iter().collect();
    if let Some(why) = wanted.refused_on_screen(&read) {
        console::warn(&why);
        return ExitCode::from(exit::USAGE);
    }
    // A named example may be sent to another host. It is small, so loading it here is fast.
    let named = entries.first().filter(|entry| settings.file.is_some() && entry.origin == Origin::Embedded);
    let named = named.and_then(|entry| entry.load().ok());
    let rule = Rule::screen(settings);
    let mut local = Local::new(settings, rule).sending_to(settings.host.clone(), named);
    local.recording.summarize();
    match tui::run(entries, &mut local, settings) {
        Ok(outcome) => {
            let code = leave(rule, &outcome, &mut local.recording);
            if outcome.exit == Exit::HangUp {
                // The thread that reads keys may spin on the closed terminal: exit without waiting for it.
                std::process::exit(i32::from(code));
            }
            ExitCode::from(code)
        }
        Err(error) => {
            console::warn(&panics::masked(&error.to_string()));
            local.recording.give_up();
            say_lines(&mut local.recording);
            ExitCode::from(exit::TROUBLE)
        }
    }
}

/// Writes the files of the last run, and prints the summary of each run on the normal screen.
fn leave(rule: Rule, outcome: &Outcome, recording: &mut Recording) -> u8 {
    let mut code = exit::CLEAN;
    if let Some(last) = &outcome.last {
        // Write files first: printing blocks if the terminal no longer reads.
        let written = recording.finish();
        if outcome.exit != Exit::HangUp {
            say_lines(recording);
        }
        if let Some(array) = recording.take_data() {
            console::data(&array);
        }
        code = rule.of_run(last, written);
    }
    if outcome.exit != Exit::HangUp {
        for path in &outcome.exports {
            console::say(&panics::masked(&format!("wrote {}", path.display())));
        }
    }
    let code = match outcome.exit {
        Exit::Quit => code,
        // Ended by a signal, as if by the key: use the verdict on the run, if there is one.
        Exit::Signal(signals::INTERRUPT | signals::TERMINATE) if outcome.last.is_some() => code,
        Exit::Signal(number) | Exit::Forced(number) => exit::of_signal(number),
        Exit::HangUp => exit::HUNG_UP,
    };
    // As the end of the process has it: output that cannot be written is an error.
    let is_printed = outcome.exit == Exit::HangUp || console::flush();
    let code = if code == exit::CLEAN && !is_printed { exit::TROUBLE } else { code };
    recording.record_code(code);
    if outcome.exit != Exit::HangUp {
        say_lines(recording);
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_decides_the_exit_code() {
        let settings = Settings::default();
        for (way, code) in [(Exit::Quit, 0), (Exit::Signal(15), 143), (Exit::HangUp, 129)] {
            assert_eq!(
                leave(
                    Rule::screen(&settings),
                    &Outcome { last: None, exports: Vec::new(), exit: way },
                    &mut Recording::new(&settings, Rule::screen(&settings))
                ),
                code
            );
        }
    }
}
