//! Something happened: the model changes, and effects come out. No clock, no input or output.

mod dashboard;
mod overlay;
mod steer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::Silent;
use super::action::{self, Action, LAUNCHER};
use super::model::{Heard, Model, Overlay, Planned, Question, Run};
use super::prompt::{Field, Prompt};
use crate::engine::Command;
use crate::scenario::Overrides;
use crate::stats::Snapshot;

/// What reaches the model.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyEvent),
    Paste(String),
    Snapshot(Arc<Snapshot>),
    Started {
        index: usize,
        overrides: Overrides,
        planned: Planned,
        first: Arc<Snapshot>,
    },
    Refused(String),
    Exported(Result<Vec<PathBuf>, String>),
    /// The Redis with this address answers, or does not.
    Probed(Arc<str>, Result<(), Silent>),
    /// The run's channel closed without a last snapshot.
    Lost,
    Tick,
}

/// What the loop must do.
#[derive(Debug)]
pub(crate) enum Effect {
    Start {
        index: usize,
        overrides: Overrides,
    },
    Send(Command),
    Export(Arc<Snapshot>),
    Quit,
    /// Quit without waiting for running tasks.
    Force,
    Suspend,
    Redraw,
}

/// Shortest time between two orders of one kind while a key repeats.
const COALESCE: Duration = Duration::from_millis(100);

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
            if model.run.is_none() {
                model.launcher.preview = Err(format!("The run cannot be started.\n\n{why}"));
                model.launcher.scroll = 0;
            }
            model.say(format!("not started: {}", why.lines().next().unwrap_or("")), true);
            Vec::new()
        }
        Message::Exported(result) => {
            exported(model, result);
            Vec::new()
        }
        Message::Probed(url, answer) => {
            model.launcher.heard = Some(Heard { url, answer, at: model.now });
            Vec::new()
        }
        Message::Lost => {
            model.say("the engine has gone without a last word".to_owned(), true);
            Vec::new()
        }
        Message::Tick => tick(model),
    }
}

/// Sends what was held back while a key repeated, and lets toasts fade.
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
            model.say(format!("wrote {prefix} ({} files)", paths.len()), false);
        }
        Err(why) => model.say(why, true),
    }
}

/// Does what was asked for.
pub(crate) fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Help => {
            model.overlay = Some(Overlay::Help { scroll: 0 });
            Vec::new()
        }
        Action::Quit | Action::Interrupt if model.leaving => vec![Effect::Force],
        Action::Quit | Action::Interrupt if model.live() => {
            model.overlay = Some(Overlay::Confirm(Question::Quit));
            Vec::new()
        }
        Action::Quit | Action::Interrupt => vec![Effect::Quit],
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Host => prompt(model, Field::Host),
        Action::Users => prompt(model, Field::Users),
        Action::SpawnRate => prompt(model, Field::SpawnRate),
        Action::RunTime => prompt(model, Field::RunTime),
        Action::Filter => prompt(model, Field::Filter),
        _ if model.place() == LAUNCHER => launcher(model, action),
        _ => dashboard::update(model, action),
    }
}

fn prompt(model: &mut Model, field: Field) -> Vec<Effect> {
    let load = model.launcher.preview.as_ref().ok().map(|p| p.load);
    let text = match (field, &model.run) {
        (Field::Users, Some(run)) => steer::users_now(run).to_string(),
        (Field::SpawnRate, Some(run)) => crate::units::PerSecond(steer::rate_now(run)).to_string(),
        (Field::Filter, Some(run)) => run.filter.clone(),
        (Field::Filter, None) => model.launcher.filter.clone(),
        (Field::Host, _) => model.launcher.preview.as_ref().map(|p| p.host.clone()).unwrap_or_default(),
        (Field::Users, None) => load.map(|l| l.users.to_string()).unwrap_or_default(),
        (Field::SpawnRate, None) => load.map(|l| l.spawn_rate.to_string()).unwrap_or_default(),
        (Field::RunTime, _) => load.and_then(|l| l.run_time).map(crate::units::plain).unwrap_or_default(),
    };
    // The embedded target is a wish, not an address: typing starts from nothing.
    let text = if field == Field::Host && !text.contains("://") { String::new() } else { text };
    model.overlay = Some(Overlay::Prompt(Prompt::new(field, text)));
    Vec::new()
}

fn launcher(model: &mut Model, action: Action) -> Vec<Effect> {
    let launcher = &mut model.launcher;
    let visible = launcher.visible();
    let here = visible.iter().position(|i| *i == launcher.selected).unwrap_or(0);
    let last = visible.len().saturating_sub(1);
    let target = match action {
        Action::Up => here.saturating_sub(1),
        Action::Down => (here + 1).min(last),
        Action::First => 0,
        Action::Last => last,
        Action::PageUp => {
            launcher.scroll = launcher.scroll.saturating_sub(10);
            return Vec::new();
        }
        Action::PageDown => {
            let lines = launcher.preview.as_ref().err().map_or(0, |text| text.lines().count());
            launcher.scroll = launcher.scroll.saturating_add(10).min(lines.saturating_sub(1));
            return Vec::new();
        }
        Action::Back => {
            launcher.filter.clear();
            return Vec::new();
        }
        Action::Start => {
            if launcher.entries.get(launcher.selected).is_some_and(|e| e.scenario.is_ok()) && !visible.is_empty() {
                return vec![Effect::Start { index: launcher.selected, overrides: launcher.overrides.clone() }];
            }
            model.say("this scenario cannot be started; its error is shown".to_owned(), true);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    if let Some(index) = visible.get(target) {
        launcher.selected = *index;
        launcher.refresh();
    }
    Vec::new()
}

/// Finds the action of a key where nothing lies over the screen.
fn dispatch(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match action::lookup(key, model.place()) {
        Some(action) => update(model, action),
        None => refuse(model, key),
    }
}

/// Says of a key that changes the load why it does nothing while the run stops.
fn refuse(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let (now, place) = (model.now, model.place());
    if let (Some(what), Some(run)) = (action::refused(key, place), &mut model.run) {
        run.note(format!("the run is stopping: {what}"), now);
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
