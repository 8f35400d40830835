//! Steering a run, and looking at it.

use std::sync::Arc;
use std::time::Duration;

use super::{COALESCE, Effect};
use crate::engine::Command;
use crate::stats::Snapshot;
use crate::stats::snapshot::RunState;
use crate::tui::action::Action;
use crate::tui::history::Span;
use crate::tui::model::{Focus, Model, Overlay, Pending, Question, Run, Sort, Subject};
use crate::units::{MAX_SPAWN_RATE, MAX_USERS, PerSecond, Users};

/// Takes a new picture of the run; a wish that the engine has taken over is a wish no more.
pub(super) fn snapshot(model: &mut Model, snapshot: Arc<Snapshot>) {
    let Some(run) = &mut model.run else { return };
    let done = snapshot.state.is_done();
    // An answer may be lost (the run ended, the engine bounded the value): a wish is not shown for ever.
    let stale = |sent: Option<Duration>| sent.is_some_and(|at| model.now.saturating_sub(at) > Duration::from_secs(2));
    if done || (!run.users.unsent && (run.users.wanted == Some(snapshot.load.target) || stale(run.users.sent_at))) {
        run.users = Pending { sent_at: run.users.sent_at, ..Pending::default() };
    }
    if done || (!run.rate.unsent && (run.rate.wanted == Some(snapshot.load.spawn_rate) || stale(run.rate.sent_at))) {
        run.rate = Pending { sent_at: run.rate.sent_at, ..Pending::default() };
    }
    if done {
        run.frozen = None;
        if matches!(model.overlay, Some(Overlay::Confirm(Question::Stop | Question::Cut | Question::Reset))) {
            model.overlay = None;
        }
    }
    run.latest = snapshot;
    clamp(run);
}

/// Keeps the highlighted rows where there are rows.
pub(super) fn clamp(run: &mut Run) {
    let counts = [run.endpoints().len() + 1, run.failures().len()];
    for (row, count) in run.rows.iter_mut().zip(counts) {
        *row = (*row).min(count.saturating_sub(1));
    }
}

/// Orders that waited because they came too fast.
pub(super) fn flush(run: &mut Run, now: Duration) -> Vec<Effect> {
    let mut effects = Vec::new();
    // The rate goes first: a new target is reached at it.
    if let Some(rate) = due(&mut run.rate, now) {
        effects.push(Effect::Send(Command::SetSpawnRate(PerSecond(rate))));
    }
    if let Some(users) = due(&mut run.users, now) {
        effects.push(Effect::Send(Command::SetUsers(Users(users))));
    }
    effects
}

fn due<T: Copy>(pending: &mut Pending<T>, now: Duration) -> Option<T> {
    let early = pending.sent_at.is_some_and(|at| now.saturating_sub(at) < COALESCE);
    if !pending.unsent || early {
        return None;
    }
    pending.unsent = false;
    pending.sent_at = Some(now);
    pending.wanted
}

/// A new wish for users.
pub(super) fn want_users(model: &mut Model, users: u32) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = &mut model.run else { return Vec::new() };
    run.users.wanted = Some(users.min(MAX_USERS));
    run.users.unsent = true;
    flush(run, now)
}

/// A new wish for the spawn rate.
pub(super) fn want_rate(model: &mut Model, rate: f64) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = &mut model.run else { return Vec::new() };
    run.rate.wanted = Some(rate.clamp(0.1, MAX_SPAWN_RATE));
    run.rate.unsent = true;
    flush(run, now)
}

/// About a tenth, in round numbers, so that a few keys go far at every size.
pub(super) fn step(users: u32) -> u32 {
    match users {
        0..20 => 1,
        20..100 => 5,
        _ => {
            let tenth = users / 10;
            let unit = 10_u32.pow(tenth.ilog10());
            tenth / unit * unit
        }
    }
}

fn rate_step(rate: f64) -> f64 {
    match rate {
        r if r < 1.0 => 0.1,
        r if r < 20.0 => 1.0,
        r if r < 100.0 => 5.0,
        r => 10_f64.powf(r.log10().floor() - 1.0),
    }
}

fn users_now(run: &Run) -> u32 {
    run.users.wanted.unwrap_or(run.latest.load.target)
}

pub(super) fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(run) = &mut model.run else { return Vec::new() };
    match action {
        Action::UsersUp | Action::UsersUpFar => {
            let (users, times) = (users_now(run), if action == Action::UsersUp { 1 } else { 10 });
            let target = users.saturating_add(step(users).saturating_mul(times));
            want_users(model, target)
        }
        Action::UsersDown | Action::UsersDownFar => {
            let (users, times) = (users_now(run), if action == Action::UsersDown { 1 } else { 10 });
            // The step below a border is the smaller one, so that up and down are the way there and back.
            let target = users.saturating_sub(step(users.saturating_sub(1)).saturating_mul(times));
            want_users(model, target)
        }
        Action::RateUp => {
            let rate = run.rate.wanted.unwrap_or(run.latest.load.spawn_rate);
            want_rate(model, tidy(rate + rate_step(rate)))
        }
        Action::RateDown => {
            let rate = run.rate.wanted.unwrap_or(run.latest.load.spawn_rate);
            want_rate(model, tidy(rate - rate_step(rate - 1e-9)))
        }
        Action::Pause if run.latest.state == RunState::Paused => vec![Effect::Send(Command::Resume)],
        Action::Pause if run.latest.state == RunState::Stopping => Vec::new(),
        Action::Pause => vec![Effect::Send(Command::Pause)],
        Action::Stop => {
            let stopping = run.latest.state == RunState::Stopping;
            model.overlay = Some(Overlay::Confirm(if stopping { Question::Cut } else { Question::Stop }));
            Vec::new()
        }
        Action::FollowPlan => follow_plan(model),
        Action::ResetStatistics => {
            model.overlay = Some(Overlay::Confirm(Question::Reset));
            Vec::new()
        }
        Action::Export if run.exporting => Vec::new(),
        Action::Export => {
            // What is exported is what is true now, even when the display stands still.
            run.exporting = true;
            let snapshot = run.latest.clone();
            model.say("writing CSV files".to_owned(), false);
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

/// Wishes that were not sent yet would take control away again.
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

/// Rates keep at most two decimals, so that steps do not gather dust.
fn tidy(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

/// What changes only the view.
fn look(model: &mut Model, action: Action) {
    let Some(run) = &mut model.run else { return };
    match action {
        Action::Freeze => run.frozen = if run.frozen.is_some() { None } else { Some(run.latest.clone()) },
        Action::Window => run.window = !run.window,
        Action::SpanLonger | Action::SpanShorter => {
            run.span = run.span.turned(if action == Action::SpanLonger { 1 } else { Span::ALL.len() - 1 });
            let words = format!("charts show {}", run.span.words());
            model.say(words, false);
            return;
        }
        Action::Expand => run.expanded = !run.expanded,
        Action::Sort => {
            let here = Sort::ALL.iter().position(|s| *s == run.sort).unwrap_or(0);
            run.sort = Sort::ALL[(here + 1) % Sort::ALL.len()];
        }
        Action::SortReverse => run.reverse = !run.reverse,
        Action::FocusNext => {
            run.focus = match run.focus {
                Focus::Endpoints => Focus::Failures,
                Focus::Failures => Focus::Percentiles,
                Focus::Percentiles => Focus::Endpoints,
            };
        }
        Action::FocusPrevious => {
            run.focus = match run.focus {
                Focus::Endpoints => Focus::Percentiles,
                Focus::Failures => Focus::Endpoints,
                Focus::Percentiles => Focus::Failures,
            };
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
        clamp(run);
    }
}

fn subject(run: &Run) -> Option<Subject> {
    match run.focus {
        Focus::Failures => run.failures().get(run.rows[1]).map(|f| Subject::Failure {
            method: f.method.clone(),
            name: f.name.clone(),
            reason: f.reason.clone(),
        }),
        _ => {
            let rows = run.endpoints();
            let row = rows.get(run.rows[0]).copied().unwrap_or(&run.shown().total);
            Some(Subject::Endpoint { method: row.method.clone(), name: row.name.clone() })
        }
    }
}

fn scroll(run: &mut Run, action: Action) {
    let which = usize::from(run.focus == Focus::Failures);
    let row = &mut run.rows[which];
    *row = match action {
        Action::Up => row.saturating_sub(1),
        Action::Down => row.saturating_add(1),
        Action::PageUp => row.saturating_sub(10),
        Action::PageDown => row.saturating_add(10),
        Action::First => 0,
        Action::Last => usize::MAX,
        _ => *row,
    };
}
