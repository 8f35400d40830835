//! The key hints of the current state: only keys that have an effect now, the most useful ones first.

use crate::stats::snapshot::RunState;
use crate::tui::action::{Action, LAUNCHER, STOPPING, TABLE};
use crate::tui::model::{List, Model, Overlay, Run};

/// Keys, as displayed, and what they do.
pub(super) type Hint = (&'static str, &'static str);

/// The hints, most useful ones first, but for help and quit, which come last.
pub(super) fn hints(model: &Model, has_charts: bool) -> Vec<Hint> {
    let can_scroll = model.page_end.get() > 0;
    let scroll = can_scroll.then_some(("↑↓", "scroll"));
    match &model.overlay {
        Some(Overlay::Prompt(_) | Overlay::Confirm(_)) => return Vec::new(),
        Some(Overlay::Help { .. }) => return [Some(("esc", "back")), scroll].into_iter().flatten().collect(),
        Some(Overlay::Doctor { .. }) => {
            let is_over = model.launcher.diagnosis.as_ref().is_none_or(|diagnosis| diagnosis.answers.is_some());
            let again = is_over.then_some(("d", "check again"));
            return [Some(("esc", "back")), scroll, again].into_iter().flatten().collect();
        }
        Some(Overlay::Detail { .. }) | None => {}
    }
    let is_page = model.overlay.is_some();
    let place = model.place();
    let mut found: Vec<(u8, Hint)> = Vec::new();
    if is_page {
        found.push((0, ("esc", "back")));
        found.extend(scroll.map(|hint| (0, hint)));
    }
    for binding in TABLE.iter().filter(|binding| binding.places & place != 0) {
        let hint = match &model.run {
            None => in_launcher(model, binding.action),
            Some(run) if is_page => on_page(model, run, binding.action),
            Some(run) => on_dashboard(model, run, binding.action, has_charts),
        };
        match hint {
            Effect::Nothing => {}
            Effect::AsInTable => found.extend(binding.footer.map(|hint| (1, hint))),
            Effect::Now(keys, word) => found.push((0, (keys, word))),
            Effect::Called(word) => found.extend(binding.footer.map(|(keys, _)| (1, (keys, word)))),
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, hint)| hint).collect()
}

/// What a key does now.
enum Effect {
    Nothing,
    /// What the table of keys says.
    AsInTable,
    /// What the table of keys says, in another word.
    Called(&'static str),
    /// What is useful in this state most of all: keys and word.
    Now(&'static str, &'static str),
}

fn in_launcher(model: &Model, action: Action) -> Effect {
    let launcher = &model.launcher;
    let visible = launcher.visible();
    let is_checking = launcher.checking.is_some();
    let can_start = visible.contains(&launcher.selected)
        && launcher.item().is_some_and(|item| item.error().is_none())
        && launcher.refusal().is_none();
    match action {
        Action::Help | Action::Quit => Effect::AsInTable,
        Action::Back if is_checking => Effect::Now("esc", "cancel"),
        _ if is_checking => Effect::Nothing,
        Action::Back if !launcher.filter.is_empty() => Effect::Now("esc", "clear filter"),
        Action::Filter if launcher.items.len() > 1 || !launcher.filter.is_empty() => Effect::AsInTable,
        Action::Filter => Effect::Nothing,
        _ if visible.is_empty() => Effect::Nothing,
        Action::Start if can_start => Effect::Now("⏎", "start"),
        Action::Start => Effect::Nothing,
        Action::Down if visible.len() > 1 => Effect::Now("↑↓", "choose"),
        Action::PageDown if model.page_end.get() > 0 => Effect::Now("pgdn", "scroll"),
        // Of a scenario that cannot be read, nothing can be changed.
        Action::Host | Action::Users | Action::SpawnRate | Action::RunTime
            if launcher.item().is_some_and(|item| item.error().is_some()) =>
        {
            Effect::Nothing
        }
        _ => Effect::AsInTable,
    }
}

/// On a detail page: the load can be changed, and the page closed.
fn on_page(model: &Model, run: &Run, action: Action) -> Effect {
    match action {
        Action::UsersUp
        | Action::RateUp
        | Action::Pause
        | Action::Stop
        | Action::Export
        | Action::Window
        | Action::Freeze
        | Action::FollowPlan
        | Action::Again
        | Action::ToLauncher
        | Action::Help
        | Action::Quit => on_dashboard(model, run, action, false),
        _ => Effect::Nothing,
    }
}

fn on_dashboard(model: &Model, run: &Run, action: Action, has_charts: bool) -> Effect {
    let (is_frozen, is_filtered) = (run.frozen.is_some(), !run.filter.is_empty());
    match action {
        Action::Quit if model.leaving => Effect::Now("q", "quit at once"),
        Action::Pause if run.latest.state == RunState::Paused => Effect::Now("space", "resume"),
        Action::Stop if model.place() == STOPPING => Effect::Now("x", "abort tasks"),
        Action::FollowPlan if run.latest.plan.steered => Effect::Now("p", "plan"),
        Action::Freeze if is_frozen => Effect::Now("f", "unfreeze"),
        Action::Back if run.expanded => Effect::Now("esc", "all panes"),
        Action::Back if is_filtered && !is_frozen => Effect::Now("esc", "clear filter"),
        Action::Expand if run.expanded => Effect::Nothing,
        Action::SpanLonger if !has_charts || run.expanded => Effect::Nothing,
        Action::Export if run.exporting => Effect::Nothing,
        Action::Detail if run.subjects(run.focus.list).is_empty() => Effect::Nothing,
        Action::Sort if run.endpoints().len() < 2 || (run.expanded && run.focus.list == List::Failures) => {
            Effect::Nothing
        }
        Action::Filter if run.shown().endpoints.len() < 2 && !is_filtered => Effect::Nothing,
        Action::Window if run.window => Effect::Called("whole run"),
        Action::Window => Effect::Called("last 10 s"),
        // While load runs, the pairs of keys stand for the prompts too.
        Action::Users | Action::SpawnRate if model.place() != LAUNCHER => Effect::Nothing,
        _ => Effect::AsInTable,
    }
}
