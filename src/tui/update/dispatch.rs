//! Carries out actions, and finds the action of a key if no overlay is open.

use crossterm::event::KeyEvent;

use super::message::Effect;
use super::{dashboard, launcher, steer};
use crate::scenario::Overrides;
use crate::scenario::secrets::Redactor;
use crate::scenario::secrets::masked::Masked;
use crate::tui::action::{self, Action, LAUNCHER};
use crate::tui::model::{Model, Overlay, Question};
use crate::tui::prompt::{Field, Prompt};

/// Applies an action.
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
        Action::Back if model.launcher.checking.take().is_some() => Vec::new(),
        // It waits for the checks already.
        Action::Start | Action::Again if model.launcher.checking.is_some() => Vec::new(),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Host => prompt(model, Field::Host),
        Action::Users => prompt(model, Field::Users),
        Action::SpawnRate => prompt(model, Field::SpawnRate),
        Action::RunTime => prompt(model, Field::RunTime),
        Action::Filter => prompt(model, Field::Filter),
        _ if model.place() == LAUNCHER => launcher::update(model, action),
        _ => dashboard::update(model, action),
    }
}

fn prompt(model: &mut Model, field: Field) -> Vec<Effect> {
    let preview = model.launcher.preview();
    let load = preview.map(|preview| preview.load);
    // The preview may not include what was typed a moment ago.
    let typed = if model.launcher.is_waiting() { model.launcher.overrides.clone() } else { Overrides::default() };
    let text = match (field, &model.run) {
        (Field::Users, Some(run)) => steer::users_now(run).to_string(),
        (Field::SpawnRate, Some(run)) => crate::units::PerSecond(steer::rate_now(run)).to_string(),
        (Field::Filter, Some(run)) => run.filter.clone(),
        (Field::Filter, None) => model.launcher.filter.clone(),
        (Field::Host, _) => String::new(),
        (Field::Users, None) => typed.users.or(load.map(|l| l.users)).map(|n| n.to_string()).unwrap_or_default(),
        (Field::SpawnRate, None) => {
            typed.spawn_rate.or(load.map(|l| l.spawn_rate)).map(|rate| rate.to_string()).unwrap_or_default()
        }
        (Field::RunTime, _) => {
            typed.run_time.unwrap_or(load.and_then(|l| l.run_time)).map(crate::units::plain).unwrap_or_default()
        }
    };
    let prompt = if field == Field::Host { Prompt::for_host(host(model)) } else { Prompt::new(field, text) };
    model.overlay = Some(Overlay::Prompt(prompt));
    Vec::new()
}

/// The host that the prompt offers.
fn host(model: &Model) -> Masked {
    let launcher = &model.launcher;
    let host = match launcher.item().and_then(|item| item.scenario()) {
        Some(Ok(scenario)) => scenario.host_to_edit(&launcher.overrides),
        _ => Masked::new(launcher.overrides.host.as_deref().unwrap_or_default(), &Redactor::default()),
    };
    // `demo` is not an address: start with an empty line.
    if host.shown().contains("://") { host } else { Masked::default() }
}

/// Carries out the action of a key if no overlay is open.
pub(super) fn dispatch(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match action::lookup(key, model.place()) {
        Some(action) => update(model, action),
        None => refuse(model, key),
    }
}

/// Shows why a key that changes the load has no effect while the run stops.
pub(super) fn refuse(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let (now, place) = (model.now, model.place());
    if let (Some(what), Some(run)) = (action::refused(key, place), &mut model.run) {
        run.note(format!("the run is stopping: {what}"), now);
    }
    Vec::new()
}
