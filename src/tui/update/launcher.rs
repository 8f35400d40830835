//! Choosing a scenario.

use super::message::Effect;
use crate::tui::action::Action;
use crate::tui::model::Model;

/// Moves the highlight, or starts what is highlighted.
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
