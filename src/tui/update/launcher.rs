//! Keys of the launcher.

use super::message::Effect;
use crate::tui::action::Action;
use crate::tui::model::{Model, Shown};

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
            let lines = if let Shown::Error(text) = launcher.shown() { text.lines().count() } else { 0 };
            launcher.scroll = launcher.scroll.saturating_add(10).min(lines.saturating_sub(1));
            return Vec::new();
        }
        Action::Back => {
            launcher.filter.clear();
            return Vec::new();
        }
        Action::Start => return start(model),
        _ => return Vec::new(),
    };
    if let Some(index) = visible.get(target) {
        launcher.selected = *index;
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
        Some(Some(false)) | None => {
            model.show_toast("this scenario cannot be started; its error is shown".to_owned(), true);
            Vec::new()
        }
    }
}
