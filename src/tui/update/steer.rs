//! Changes of the load by keys: steps of a tenth of the plan, exact values, and protection against accidental jumps.

use std::time::Duration;

use super::message::Effect;
use crate::engine::Command;
use crate::tui::action::Action;
use crate::tui::model::{Model, Overlay, Pending, Question, Run};
use crate::units::{MAX_SPAWN_RATE, MAX_USERS, PerSecond, Users, count, counted};

/// Minimum time between two commands of one kind while a key repeats.
const COALESCE: Duration = Duration::from_millis(100);
/// A key repeated within this time counts as held down: terminals do not report releases, and the first repeat takes up
/// to
/// 660 ms.
const HELD: Duration = Duration::from_millis(700);
/// Typed values up to twice the current one, or this much more, need no confirmation.
const SMALL: f64 = 100.0;
/// Minimum spawn rate that can be reached by steps.
const LEAST_RATE: f64 = 0.1;

/// Whether `action` comes from a key that is held down; records it.
pub(super) fn is_held(run: &mut Run, action: Action, now: Duration) -> bool {
    let held = run.key.is_some_and(|(last, at)| last == action && now.saturating_sub(at) < HELD);
    run.key = Some((action, now));
    held
}

/// The value after one step up. A key that is held down stops at `limit`; beyond that, only new key presses continue, and
/// each of them makes its whole step.
fn raised(value: f64, step: f64, limit: f64, held: bool) -> Option<f64> {
    match value < limit {
        _ if !held => Some(value + step),
        true => Some((value + step).min(limit)),
        false => None,
    }
}

/// Whether a change needs a confirmation.
fn is_jump(from: f64, to: f64) -> bool {
    to > from * 2.0 && to - from > SMALL
}

/// The wanted number of users.
pub(super) fn users_now(run: &Run) -> u32 {
    run.wanted().0
}

/// The wanted spawn rate.
pub(super) fn rate_now(run: &Run) -> f64 {
    run.wanted().1
}

/// Changes the load by one step.
pub(super) fn step(model: &mut Model, action: Action, held: bool) -> Vec<Effect> {
    let Some(run) = &mut model.run else { return Vec::new() };
    let plan = run.planned;
    let users_step = f64::from((plan.users / 10).max(1));
    let rate_step = tidy(plan.rate / 10.0).max(LEAST_RATE);
    let (users, rate) = (f64::from(users_now(run)), rate_now(run));
    let (users_limit, rate_limit) = (f64::from(plan.users) * 2.0, plan.rate * 2.0);
    match action {
        Action::UsersUp | Action::UsersUpFar if users >= f64::from(MAX_USERS) => {
            note_bound(model, format!("users are at the maximum of {}", count(MAX_USERS.into())))
        }
        Action::UsersDown | Action::UsersDownFar if users <= 0.0 => {
            note_bound(model, "there are no users to remove: the target is 0".to_owned())
        }
        Action::RateUp if rate >= MAX_SPAWN_RATE => {
            note_bound(model, format!("the spawn rate is at the maximum of {}/s", PerSecond(MAX_SPAWN_RATE)))
        }
        Action::RateDown if rate <= LEAST_RATE => {
            note_bound(model, format!("the spawn rate is {}/s; r enters a lower one", PerSecond(rate)))
        }
        Action::UsersUp | Action::UsersUpFar => {
            let step = users_step * if action == Action::UsersUp { 1.0 } else { 10.0 };
            let wanted = raised(users, step, users_limit, held);
            let effects = wanted.map_or_else(Vec::new, |wanted| want_users(model, whole(wanted)));
            if held && wanted.is_none_or(|wanted| wanted == users_limit) {
                note_limit(model, |(users, _)| {
                    format!("{} (plan {})", counted(users.into(), "user"), count(plan.users.into()))
                });
            }
            effects
        }
        Action::UsersDown => want_users(model, whole(users - users_step)),
        Action::UsersDownFar => want_users(model, whole(users - users_step * 10.0)),
        Action::RateUp => {
            let wanted = raised(rate, rate_step, rate_limit, held);
            let effects = wanted.map_or_else(Vec::new, |wanted| want_rate(model, tidy(wanted)));
            if held && wanted.is_none_or(|wanted| wanted == rate_limit) {
                note_limit(model, |(_, rate)| format!("{}/s (plan {}/s)", PerSecond(rate), PerSecond(plan.rate)));
            }
            effects
        }
        Action::RateDown => want_rate(model, tidy(rate - rate_step).max(LEAST_RATE)),
        _ => Vec::new(),
    }
}

/// Shows a note about a key without effect.
fn note_bound(model: &mut Model, words: String) -> Vec<Effect> {
    let now = model.now;
    if let Some(run) = &mut model.run {
        run.note_load(words, now);
    }
    Vec::new()
}

/// Shows a note when a held key reaches the limit. It fits 80 columns with the largest numbers.
fn note_limit(model: &mut Model, load: impl Fn((u32, f64)) -> String) {
    if let Some(load) = model.run.as_ref().map(|run| load(run.wanted())) {
        note_bound(model, format!("{load}: release the key and press it again for more"));
    }
}

fn whole(users: f64) -> u32 {
    users.clamp(0.0, f64::from(MAX_USERS)) as u32
}

/// Rounds to two decimals, so that steps do not accumulate errors.
fn tidy(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

/// Handles a typed number of users; a large jump needs a confirmation.
pub(super) fn type_users(model: &mut Model, to: u32) -> Vec<Effect> {
    let from = model.run.as_ref().map_or(0, users_now);
    if is_jump(from.into(), to.into()) {
        model.overlay = Some(Overlay::Confirm(Question::Users { from, to }));
        return Vec::new();
    }
    want_users(model, to)
}

/// Handles a typed spawn rate; a large jump needs a confirmation.
pub(super) fn type_rate(model: &mut Model, to: f64) -> Vec<Effect> {
    let from = model.run.as_ref().map_or(0.0, rate_now);
    if is_jump(from, to) {
        model.overlay = Some(Overlay::Confirm(Question::SpawnRate { from, to }));
        return Vec::new();
    }
    want_rate(model, to)
}

/// Sets the wanted number of users.
pub(super) fn want_users(model: &mut Model, users: u32) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = &mut model.run else { return Vec::new() };
    run.users.wanted = Some(users.min(MAX_USERS));
    run.users.unsent = true;
    flush(run, now)
}

/// Sets the wanted spawn rate.
pub(super) fn want_rate(model: &mut Model, rate: f64) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = &mut model.run else { return Vec::new() };
    run.rate.wanted = Some(rate.min(MAX_SPAWN_RATE));
    run.rate.unsent = true;
    flush(run, now)
}

/// Sends pending values that are due.
pub(super) fn flush(run: &mut Run, now: Duration) -> Vec<Effect> {
    let mut effects = Vec::new();
    // The rate first, because it applies to the new target.
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
