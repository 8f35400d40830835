//! The footer shows only keys that have an effect.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::shown;
use crate::row_kind::RowKind;
use crate::stats::snapshot::{End, RunState};
use crate::tui::cursor::Subject;
use crate::tui::fixture;
use crate::tui::model::{Checking, Focus, List, Model, Overlay, Run};
use crate::tui::update::{Message, handle};
use crate::tui::view::hints::{Hint, hints};
use crate::tui::view::panes::PANES;

fn run(change: impl FnOnce(&mut Run)) -> Model {
    let mut model = fixture::dashboard();
    change(model.run.as_mut().expect("a run"));
    model
}

fn state(state: RunState) -> Model {
    run(|run| Arc::make_mut(&mut run.latest).state = state)
}

fn launcher(change: impl FnOnce(&mut Model)) -> Model {
    let mut model = fixture::launcher();
    change(&mut model);
    model
}

fn detail(mut model: Model) -> Model {
    let subject = Subject::Endpoint { kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    model
}

fn failures() -> Focus {
    let pane = PANES.iter().position(|pane| pane.list == Some(List::Failures)).expect("a pane of failures");
    Focus { pane, list: List::Failures }
}

/// States of the screen, each with keys that must be among the hints, and keys that must not.
type State = (&'static str, fn() -> Model, &'static [&'static str], &'static [&'static str]);

const STATES: &[State] = &[
    ("launcher", fixture::launcher, &["⏎ start", "↑↓ choose", "h host", "/ filter", "q quit"], &["esc clear filter"]),
    ("broken scenario", || launcher(|model| model.launcher.selected = 1), &["↑↓ choose"], &["⏎ start", "u users"]),
    (
        "no scenario",
        || launcher(|model| model.launcher.items.clear()),
        &["? help", "q quit"],
        &["⏎ start", "/ filter", "h host", "d doctor"],
    ),
    (
        "filter without match",
        || launcher(|model| model.launcher.filter = "xyz".into()),
        &["esc clear filter", "/ filter"],
        &["⏎ start", "h host"],
    ),
    (
        "filtered launcher",
        || launcher(|model| model.launcher.filter = "demo".into()),
        &["⏎ start", "esc clear filter"],
        &["↑↓ choose"],
    ),
    (
        "example that is refused",
        || {
            launcher(|model| {
                model.launcher.items[0].reading.as_mut().unwrap().refusal = Some("this example is not sent there")
            })
        },
        &["h host"],
        &["⏎ start"],
    ),
    (
        "checking before the start",
        || {
            launcher(|model| {
                model.launcher.checking = Some(Checking { number: 1, index: 0, overrides: Default::default() })
            })
        },
        &["esc cancel", "q quit"],
        &["⏎ start", "h host"],
    ),
    ("checks", fixture::diagnosed, &["esc back", "d check again"], &["↑↓ scroll", "⏎ start"]),
    (
        "checks that run",
        || {
            let mut model = fixture::diagnosed();
            model.launcher.diagnosis.as_mut().unwrap().answers = None;
            model
        },
        &["esc back"],
        &["d check again"],
    ),
    (
        "running",
        fixture::dashboard,
        &["+/- users", "space pause", "x stop", "[/] history", "w last 10 s"],
        &["p plan", "n again", "esc clear filter"],
    ),
    ("paused", || state(RunState::Paused), &["space resume"], &["space pause"]),
    ("manual", || run(|run| Arc::make_mut(&mut run.latest).plan.steered = true), &["p plan"], &[]),
    (
        "stopping",
        || state(RunState::Stopping),
        &["x abort tasks", "e export"],
        &["+/- users", ",/. rate", "space pause", "x stop"],
    ),
    (
        "over",
        || state(RunState::Done(End::Completed)),
        &["n again", "b launcher", "q quit"],
        &["+/- users", "x stop", "f freeze", "space pause"],
    ),
    (
        "leaving",
        || {
            let mut model = fixture::dashboard();
            model.leaving = true;
            model
        },
        &["q quit at once"],
        &["+/- users", "q quit"],
    ),
    ("frozen", || run(|run| run.frozen = Some(Arc::clone(&run.latest))), &["f unfreeze"], &["f freeze"]),
    ("filtered", || run(|run| run.filter = "cart".into()), &["esc clear filter"], &["s sort"]),
    ("expanded", || run(|run| run.expanded = true), &["esc all panes"], &["[/] history", "z expand"]),
    (
        "no failures",
        || {
            run(|run| {
                run.focus = failures();
                Arc::make_mut(&mut run.latest).failures = Default::default();
            })
        },
        &["+/- users"],
        &["⏎ detail"],
    ),
    ("last 10 s", || run(|run| run.window = true), &["w whole run"], &["w last 10 s"]),
    ("exporting", || run(|run| run.exporting = true), &[], &["e export"]),
    (
        "detail",
        || detail(fixture::dashboard()),
        &["esc back", "+/- users", "space pause", "x stop"],
        &["⏎ detail", "/ filter", "s sort"],
    ),
    (
        "detail after the run",
        || detail(state(RunState::Done(End::Completed))),
        &["esc back", "n again"],
        &["+/- users"],
    ),
    (
        "help",
        || {
            let mut model = fixture::dashboard();
            model.overlay = Some(Overlay::Help { scroll: 0 });
            model
        },
        &["esc back", "↑↓ scroll"],
        &["+/- users"],
    ),
];

fn keys_of(keys: &str) -> Vec<KeyEvent> {
    let code = |name: &str| match name {
        "⏎" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "space" => KeyCode::Char(' '),
        "tab" => KeyCode::Tab,
        "pgdn" => KeyCode::PageDown,
        "↑" => KeyCode::Up,
        "↓" => KeyCode::Down,
        name => KeyCode::Char(name.chars().next().expect("a key")),
    };
    // Pairs: `+/-`.
    let names = match keys.split_once('/') {
        None if keys == "↑↓" => vec!["↑", "↓"],
        Some((one, other)) if !one.is_empty() && !other.is_empty() => vec![one, other],
        _ => vec![keys],
    };
    names.into_iter().map(|name| KeyEvent::new(code(name), KeyModifiers::NONE)).collect()
}

fn words(hints: &[Hint]) -> Vec<String> {
    hints.iter().map(|(keys, word)| format!("{keys} {word}")).collect()
}

#[test]
fn every_hint_has_an_effect() {
    for (name, build, wanted, unwanted) in STATES {
        // The view counts the lines of a page.
        let model = build();
        let before = shown(&model, 100, 30);
        let found = hints(&model, true);
        let said = words(&found);
        for hint in *wanted {
            assert!(said.iter().any(|one| one == hint), "{name}: {hint} in {said:?}\n{before}");
        }
        for hint in *unwanted {
            assert!(!said.iter().any(|one| one == hint), "{name}: {hint} in {said:?}\n{before}");
        }
        for (keys, word) in found {
            let has_effect = |key| {
                let mut model = build();
                shown(&model, 100, 30);
                let effects = handle(&mut model, Message::Key(key));
                !effects.is_empty() || shown(&model, 100, 30) != before
            };
            assert!(keys_of(keys).into_iter().any(has_effect), "{name}: {keys} {word} does nothing\n{before}");
        }
    }
}

#[test]
fn the_most_useful_hints_come_first() {
    let footer = |model: &Model, width| {
        shown(model, width, 24).lines().last().unwrap_or_default().trim_matches('"').trim().to_owned()
    };
    for (width, wanted) in [
        (40, "+/- users ,/. rate x stop ? help q quit"),
        (60, "+/- users ,/. rate space pause x stop s sort ? help q quit"),
        (80, "+/- users ,/. rate space pause x stop e export tab pane ⏎ detail ? help q quit"),
    ] {
        assert_eq!(footer(&fixture::dashboard(), width), wanted);
    }
    let paused = state(RunState::Paused);
    assert!(footer(&paused, 40).starts_with("space resume "), "{}", footer(&paused, 40));
    for (name, build, wanted, _) in
        STATES.iter().filter(|(name, ..)| ["filtered", "manual", "frozen", "expanded"].contains(name))
    {
        let line = footer(&build(), 80);
        assert!(line.starts_with(wanted[0]), "{name}: {line}");
    }
}
