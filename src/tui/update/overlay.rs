//! Keys while an overlay is open: a prompt, a question, the help page, the checks, a detail page.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::dispatch::{dispatch, refuse, update};
use super::message::Effect;
use super::steer;
use crate::engine::Command;
use crate::tui::action::{self, Action};
use crate::tui::model::{Model, Overlay, Question};
use crate::tui::prompt::{Field, Prompt, brief};
use crate::units::{parse_duration, parse_spawn_rate, parse_users};

/// Error for a mask in the host that no longer says what it hides.
const HIDDEN: &str = "*** hides a part of the host: keep it as it is, or type what it hides";

/// Handles a key, by the overlay if one is open.
pub(super) fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // Over a slow connection, Esc followed by a key arrives as that key with Alt.
    if key.modifiers.contains(KeyModifiers::ALT) && model.overlay.is_some() {
        let mut effects = self::key(model, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        effects.extend(self::key(model, KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key }));
        return effects;
    }
    let interrupt = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
    match model.overlay.take() {
        None => dispatch(model, key),
        // A second Ctrl-C needs no confirmation.
        Some(Overlay::Confirm(Question::Quit)) if interrupt => vec![Effect::Force],
        Some(_) if interrupt => update(model, Action::Interrupt),
        Some(Overlay::Confirm(question)) => confirm(model, question, key),
        Some(Overlay::Prompt(prompt)) => prompt_key(model, prompt, key),
        Some(overlay) => page(model, overlay, key),
    }
}

fn confirm(model: &mut Model, question: Question, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Char('y' | 'Y') => match question {
            Question::Quit => vec![Effect::Quit],
            Question::Stop | Question::Abort => vec![Effect::Send(Command::Stop)],
            Question::Reset => vec![Effect::Send(Command::ResetStatistics)],
            Question::Users { to, .. } => steer::want_users(model, to),
            Question::SpawnRate { to, .. } => steer::want_rate(model, to),
        },
        KeyCode::Char('n' | 'N') | KeyCode::Esc => Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Confirm(question));
            Vec::new()
        }
    }
}

fn prompt_key(model: &mut Model, mut prompt: Prompt, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => return apply(model, prompt),
        _ => prompt.key(key),
    }
    model.overlay = Some(Overlay::Prompt(prompt));
    Vec::new()
}

/// Applies the typed value, or keeps the prompt open with an error.
fn apply(model: &mut Model, mut prompt: Prompt) -> Vec<Effect> {
    let text = prompt.value().trim().to_owned();
    let result = match prompt.field {
        Field::Filter => {
            filter(model, text);
            Ok(Vec::new())
        }
        Field::Host => edit_host(model, &prompt, &text).map(|()| Vec::new()),
        Field::Users if model.run.is_some() => {
            parse_users(&text).map(|u| steer::type_users(model, u.0)).map_err(|why| brief(&why))
        }
        Field::SpawnRate if model.run.is_some() => {
            parse_spawn_rate(&text).map(|r| steer::type_rate(model, r.0)).map_err(|why| brief(&why))
        }
        field => edit(model, field, &text).map(|()| Vec::new()).map_err(|why| brief(&why)),
    };
    match result {
        Ok(effects) => effects,
        Err(error) => {
            prompt.error = Some(error.to_owned());
            model.overlay = Some(Overlay::Prompt(prompt));
            Vec::new()
        }
    }
}

/// Replaces the host, with what the masks that are left hide; an empty string restores that of the scenario.
fn edit_host(model: &mut Model, prompt: &Prompt, text: &str) -> Result<(), &'static str> {
    let launcher = &mut model.launcher;
    if text != prompt.offer().shown() {
        let host = prompt.offer().restore(text).map_err(|_| HIDDEN)?;
        launcher.overrides.host = (!host.is_empty()).then_some(host);
    }
    launcher.refresh();
    Ok(())
}

/// Replaces a value of the scenario; an empty string restores it.
fn edit(model: &mut Model, field: Field, text: &str) -> Result<(), crate::units::UnitError> {
    let overrides = &mut model.launcher.overrides;
    let empty = text.is_empty();
    match field {
        Field::Users => overrides.users = if empty { None } else { Some(parse_users(text)?) },
        Field::SpawnRate => overrides.spawn_rate = if empty { None } else { Some(parse_spawn_rate(text)?) },
        Field::RunTime => {
            overrides.run_time = match text {
                "" => None,
                "-" | "none" | "unlimited" => Some(None),
                text => Some(Some(parse_duration(text)?)),
            };
        }
        Field::Host | Field::Filter => {}
    }
    model.launcher.refresh();
    Ok(())
}

fn filter(model: &mut Model, text: String) {
    match &mut model.run {
        Some(run) => {
            run.filter = text;
            run.follow();
        }
        None => {
            let launcher = &mut model.launcher;
            launcher.filter = text;
            let visible = launcher.visible();
            if let (false, Some(first)) = (visible.contains(&launcher.selected), visible.first()) {
                launcher.selected = *first;
                launcher.vanished = None;
                launcher.refresh();
            }
        }
    }
}

/// Handles keys of the help page, of the checks and of detail pages: they scroll, and keys that change the load still work.
fn page(model: &mut Model, mut overlay: Overlay, key: KeyEvent) -> Vec<Effect> {
    let (Overlay::Help { scroll } | Overlay::Doctor { scroll } | Overlay::Detail { scroll, .. }) = &mut overlay else {
        return Vec::new();
    };
    let action = action::lookup(key, model.place());
    // The page may have become shorter.
    let end = model.page_end.get();
    *scroll = (*scroll).min(end);
    match action {
        Some(Action::Up) => *scroll = scroll.saturating_sub(1),
        Some(Action::Down) => *scroll = scroll.saturating_add(1).min(end),
        Some(Action::PageUp) => *scroll = scroll.saturating_sub(10),
        Some(Action::PageDown) => *scroll = scroll.saturating_add(10).min(end),
        Some(Action::First) => *scroll = 0,
        Some(Action::Last) => *scroll = end,
        Some(Action::Back | Action::Help | Action::Detail | Action::Start) => return Vec::new(),
        Some(Action::Quit) if matches!(overlay, Overlay::Help { .. } | Overlay::Doctor { .. }) => return Vec::new(),
        Some(action) => {
            model.overlay = Some(overlay);
            return update(model, action);
        }
        None => {
            refuse(model, key);
        }
    }
    model.overlay = Some(overlay);
    Vec::new()
}
