//! Keys of the dashboard: changing the load and the display.

use std::sync::Arc;
use std::time::Duration;

use super::message::Effect;
use super::steer;
use crate::engine::Command;
use crate::stats::Snapshot;
use crate::stats::snapshot::RunState;
use crate::tui::action::Action;
use crate::tui::cursor::Subject;
use crate::tui::history::Span;
use crate::tui::model::{Model, Overlay, Pending, Question, Run, Sort};
use crate::tui::prompt::Field;
use crate::tui::view::panes;

/// Applies a new snapshot; pending values that the engine has applied are cleared.
pub(super) fn snapshot(model: &mut Model, snapshot: Arc<Snapshot>) {
    let Some(run) = &mut model.run else { return };
    let done = snapshot.state.is_done();
    // From here on, commands have no effect.
    let is_ending = done || snapshot.state == RunState::Stopping;
    // A command may have no effect (the run ended, the engine limited the value): do not show a pending value forever.
    let stale = |sent: Option<Duration>| sent.is_some_and(|at| model.now.saturating_sub(at) > Duration::from_secs(2));
    if is_ending || (!run.users.unsent && (run.users.wanted == Some(snapshot.load.target) || stale(run.users.sent_at)))
    {
        run.users = Pending { sent_at: run.users.sent_at, ..Pending::default() };
    }
    if is_ending || (!run.rate.unsent && (run.rate.wanted == Some(snapshot.load.spawn_rate) || stale(run.rate.sent_at)))
    {
        run.rate = Pending { sent_at: run.rate.sent_at, ..Pending::default() };
    }
    if done {
        run.frozen = None;
    }
    let mut refused = None;
    if is_ending {
        let field = match &model.overlay {
            Some(Overlay::Prompt(prompt)) => Some(prompt.field),
            _ => None,
        };
        let is_moot = match &model.overlay {
            Some(Overlay::Confirm(question)) => {
                if done {
                    question.is_about_load()
                } else {
                    question.is_about_a_going_run()
                }
            }
            _ => matches!(field, Some(Field::Users | Field::SpawnRate)),
        };
        if is_moot {
            model.overlay = None;
        }
        let what = match field {
            Some(Field::Users) => "users",
            Some(Field::SpawnRate) => "the spawn rate",
            _ => "",
        };
        if !done && !what.is_empty() {
            refused = Some(format!("the run is stopping: {what} can no longer be changed"));
        }
    }
    run.latest = snapshot;
    run.review_note(model.now);
    if let Some(words) = refused {
        run.note(words, model.now);
    }
    run.follow();
}

pub(super) fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = &mut model.run else { return Vec::new() };
    let held = steer::is_held(run, action, now);
    match action {
        Action::UsersUp
        | Action::UsersUpFar
        | Action::UsersDown
        | Action::UsersDownFar
        | Action::RateUp
        | Action::RateDown => steer::step(model, action, held),
        Action::Pause if run.latest.state == RunState::Paused => vec![Effect::Send(Command::Resume)],
        Action::Pause => vec![Effect::Send(Command::Pause)],
        Action::Stop => {
            let stopping = run.latest.state == RunState::Stopping;
            model.overlay = Some(Overlay::Confirm(if stopping { Question::Abort } else { Question::Stop }));
            Vec::new()
        }
        Action::FollowPlan => follow_plan(model),
        Action::ResetStatistics => {
            model.overlay = Some(Overlay::Confirm(Question::Reset));
            Vec::new()
        }
        Action::Export if run.exporting => Vec::new(),
        Action::Export => {
            // The latest snapshot is exported, even if the display is frozen.
            run.exporting = true;
            let snapshot = run.latest.clone();
            model.show_toast("writing CSV files".to_owned(), false);
            vec![Effect::Export(snapshot)]
        }
        Action::Again => vec![Effect::Start { index: run.index, overrides: run.overrides.clone() }],
        Action::ToLauncher => to_launcher(model),
        _ => {
            look(model, action);
            Vec::new()
        }
    }
}

/// Drops pending values: sending them would override the plan again.
fn follow_plan(model: &mut Model) -> Vec<Effect> {
    if let Some(run) = &mut model.run {
        run.users = Pending::default();
        run.rate = Pending::default();
    }
    vec![Effect::Send(Command::FollowPlan)]
}

fn to_launcher(model: &mut Model) -> Vec<Effect> {
    model.run = None;
    model.overlay = None;
    model.launcher.refresh();
    Vec::new()
}

/// Handles keys that only change the display.
fn look(model: &mut Model, action: Action) {
    let Some(run) = &mut model.run else { return };
    match action {
        Action::Freeze => run.frozen = if run.frozen.is_some() { None } else { Some(run.latest.clone()) },
        Action::Window => run.window = !run.window,
        Action::SpanLonger | Action::SpanShorter => {
            run.span = run.span.turned(if action == Action::SpanLonger { 1 } else { Span::ALL.len() - 1 });
            let words = format!("charts show {}", run.span.words());
            model.show_toast(words, false);
            return;
        }
        Action::Expand => run.expanded = !run.expanded,
        Action::Sort => {
            let here = Sort::ALL.iter().position(|s| *s == run.sort).unwrap_or(0);
            run.sort = Sort::ALL[(here + 1) % Sort::ALL.len()];
        }
        Action::SortReverse => run.reverse = !run.reverse,
        Action::FocusNext | Action::FocusPrevious => {
            run.focus = panes::next(run.focus, action == Action::FocusPrevious);
        }
        Action::Back => {
            if run.expanded {
                run.expanded = false;
            } else if run.frozen.is_some() {
                run.frozen = None;
            } else if !run.filter.is_empty() {
                run.filter.clear();
            } else if run.latest.state.is_done() {
                to_launcher(model);
                return;
            }
        }
        Action::Detail => {
            if let Some(subject) = subject(run) {
                model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
            }
            return;
        }
        _ => scroll(run, action),
    }
    if let Some(run) = &mut model.run {
        run.follow();
    }
}

/// The highlighted subject of the focused pane.
fn subject(run: &Run) -> Option<Subject> {
    let list = run.focus.list;
    run.subjects(list).into_iter().nth(run.cursor(list).index())
}

fn scroll(run: &mut Run, action: Action) {
    let list = run.focus.list;
    let (rows, here) = (run.subjects(list), run.cursor(list).index());
    let target = match action {
        Action::Up => here.saturating_sub(1),
        Action::Down => here.saturating_add(1),
        Action::PageUp => here.saturating_sub(10),
        Action::PageDown => here.saturating_add(10),
        Action::First => 0,
        Action::Last => usize::MAX,
        _ => return,
    };
    run.cursor_mut(list).move_to(target, &rows);
}
