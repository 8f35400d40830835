//! Updates the model for a message, and returns effects. Uses no clock and does no I/O.

mod dashboard;
mod dispatch;
mod launcher;
mod message;
mod overlay;
mod steer;

pub(crate) use dispatch::update;
pub(crate) use message::{Effect, Message};

use std::path::PathBuf;

use crossterm::event::KeyEventKind;

use super::model::{Checking, Diagnosis, Model, Overlay, ProbeResult, Run};
use crate::units;

/// Applies a message.
pub(crate) fn handle(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => overlay::key(model, key),
        Message::Paste(text) => {
            if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
                prompt.paste(&text);
            }
            Vec::new()
        }
        Message::Snapshot(snapshot) => {
            dashboard::snapshot(model, snapshot);
            Vec::new()
        }
        Message::Started { index, overrides, planned, first } => {
            model.run = Some(Run::new(index, overrides, planned, first));
            model.overlay = None;
            model.toast = None;
            Vec::new()
        }
        Message::Refused(why) => {
            launcher::refused(model, &why);
            Vec::new()
        }
        Message::Checking { number, index, overrides } => {
            model.launcher.checking = Some(Checking { number, index, overrides });
            Vec::new()
        }
        Message::Checked(number, found) => launcher::checked(model, number, found),
        Message::Diagnosing(number) => {
            model.launcher.diagnosis = Some(Diagnosis { number, answers: None });
            model.overlay = Some(Overlay::Doctor { scroll: 0 });
            Vec::new()
        }
        Message::Diagnosed(number, answers) => {
            if let Some(diagnosis) = model.launcher.diagnosis.as_mut().filter(|one| one.number == number) {
                diagnosis.answers = Some(answers);
            }
            Vec::new()
        }
        Message::Read(index, reading) => {
            model.launcher.take(index, *reading);
            let is_due = model.launcher.is_start_due && !model.launcher.is_waiting();
            if is_due && model.run.is_none() { launcher::start(model) } else { Vec::new() }
        }
        Message::Exported(result) => {
            exported(model, result);
            Vec::new()
        }
        Message::Probed(url, answer) => {
            model.launcher.probed = Some(ProbeResult { url, answer, at: model.now });
            Vec::new()
        }
        Message::Lost => {
            model.show_toast("the engine stopped unexpectedly".to_owned(), true);
            Vec::new()
        }
        Message::Tick => tick(model),
    }
}

/// Sends values held back while a key repeats, and removes expired toasts.
fn tick(model: &mut Model) -> Vec<Effect> {
    if model.toast.as_ref().is_some_and(|t| t.until <= model.now) {
        model.toast = None;
    }
    let now = model.now;
    if let Some(run) = &mut model.run {
        run.review_note(now);
    }
    model.run.as_mut().map(|run| steer::flush(run, now)).unwrap_or_default()
}

fn exported(model: &mut Model, result: Result<Vec<PathBuf>, String>) {
    if let Some(run) = &mut model.run {
        run.exporting = false;
    }
    match result {
        Ok(paths) => {
            let first = paths.first().map(|p| p.display().to_string()).unwrap_or_default();
            let prefix = first.strip_suffix("_stats.csv").map(|p| format!("{p}_*.csv")).unwrap_or(first);
            model.show_toast(format!("wrote {prefix} ({})", units::counted(paths.len() as u64, "file")), false);
        }
        Err(why) => model.show_toast(why, true),
    }
}

#[cfg(test)]
mod tests;
