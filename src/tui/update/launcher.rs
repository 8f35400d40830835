//! Keys of the launcher.

use super::message::Effect;
use crate::doctor::Preflight;
use crate::tui::action::Action;
use crate::tui::model::{Checking, Model, Overlay, Shown};

/// Moves the highlight, scrolls an error, or starts a scenario.
pub(super) fn update(model: &mut Model, action: Action) -> Vec<Effect> {
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
            launcher.scroll = launcher.scroll.saturating_add(10).min(model.page_end.get());
            return Vec::new();
        }
        Action::Back => {
            launcher.filter.clear();
            return Vec::new();
        }
        Action::Start => return start(model),
        Action::Doctor => return diagnose(model),
        _ => return Vec::new(),
    };
    if let Some(index) = visible.get(target) {
        launcher.selected = *index;
        launcher.vanished = None;
        launcher.refresh();
    }
    Vec::new()
}

/// Starts the highlighted scenario: at once if it has been read, else as soon as it is.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    let launcher = &mut model.launcher;
    launcher.is_start_due = false;
    let is_visible = launcher.visible().contains(&launcher.selected);
    match launcher.item().filter(|_| is_visible).map(|item| item.scenario().map(Result::is_ok)) {
        Some(Some(true)) => {
            vec![Effect::Start { index: launcher.selected, overrides: launcher.overrides.clone() }]
        }
        Some(None) => {
            launcher.is_start_due = true;
            Vec::new()
        }
        None if matches!(launcher.shown(), Shown::NoMatch) => {
            model.show_toast("no scenario matches the filter; Esc removes it".to_owned(), true);
            Vec::new()
        }
        Some(Some(false)) | None => {
            model.show_toast("this scenario cannot be started; its error is shown".to_owned(), true);
            Vec::new()
        }
    }
}

/// Runs all checks, unless they are running on the open page.
fn diagnose(model: &mut Model) -> Vec<Effect> {
    let launcher = &model.launcher;
    let is_hidden = matches!(launcher.shown(), Shown::NoMatch);
    if is_hidden || launcher.item().is_none_or(|item| item.scenario().is_none()) {
        model.show_toast("there is no scenario to check yet".to_owned(), true);
        return Vec::new();
    }
    let is_running = launcher.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.answers.is_none());
    let is_open = matches!(model.overlay, Some(Overlay::Doctor { .. }));
    if is_open && is_running { Vec::new() } else { vec![Effect::Diagnose] }
}

/// Starts what waited for the checks, unless it was cancelled meanwhile.
pub(super) fn checked(model: &mut Model, number: u64, found: Preflight) -> Vec<Effect> {
    let Some(Checking { index, overrides, .. }) = model.launcher.checking.take_if(|one| one.number == number) else {
        return Vec::new();
    };
    match found {
        Preflight::Start(warning) => vec![Effect::Launch { index, overrides, warning }],
        Preflight::Refuse(why) => {
            refused(model, &format!("{why}\n\n--no-preflight starts runs without these checks."));
            Vec::new()
        }
    }
}

/// Shows why a run was not started.
pub(super) fn refused(model: &mut Model, why: &str) {
    if model.run.is_none() {
        model.launcher.refused = Some(format!("The run cannot be started.\n\n{why}"));
        model.launcher.scroll = 0;
    }
    model.show_toast(format!("not started: {}", why.lines().next().unwrap_or("")), true);
}
