//! Keys and the commands they send.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::engine::Command;
use crate::scenario::Overrides;
use crate::stats::snapshot::{End, RunState};
use crate::tui::fixture;
use crate::tui::history::Span;
use crate::tui::reading::ReadRequest;
use crate::units::{PerSecond, Users};

/// Presses keys one after another: a character each, `\n` Enter, `\x1b` Esc, `\x03` Ctrl-C.
fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let event = |c| match c {
        '\n' => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
        '\x1b' => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
        '\x08' => KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE),
        '\t' => KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE),
        '\x03' => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        c => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
    };
    keys.chars().flat_map(|c| handle(model, Message::Key(event(c)))).collect()
}

fn sent(effects: &[Effect]) -> Vec<Command> {
    effects.iter().filter_map(|e| if let Effect::Send(c) = e { Some(*c) } else { None }).collect()
}

#[test]
fn keys_become_commands() {
    for (keys, expected) in [
        ("+", vec![Command::SetUsers(Users(130))]),
        ("-", vec![Command::SetUsers(Users(110))]),
        (")", vec![Command::SetUsers(Users(220))]),
        ("(", vec![Command::SetUsers(Users(20))]),
        (".", vec![Command::SetSpawnRate(PerSecond(5.5))]),
        (",", vec![Command::SetSpawnRate(PerSecond(4.5))]),
        (" ", vec![Command::Pause]),
        ("p", vec![Command::FollowPlan]),
        ("xy", vec![Command::Stop]),
        ("xn", vec![]),
        ("u30\n", vec![Command::SetUsers(Users(30))]),
        ("u\n", vec![Command::SetUsers(Users(120))]),
        ("u\x08\x08\x08200\n", vec![Command::SetUsers(Users(200))]),
        ("r12.5\n", vec![Command::SetSpawnRate(PerSecond(12.5))]),
        ("r0.05\n", vec![Command::SetSpawnRate(PerSecond(0.05))]),
        ("u9\x1b", vec![]),
    ] {
        let mut model = fixture::dashboard();
        assert_eq!(sent(&press(&mut model, keys)), expected, "{keys:?}");
    }
}

#[test]
fn repeated_keys_are_coalesced() {
    let mut model = fixture::dashboard();
    assert_eq!(sent(&press(&mut model, "+++")), [Command::SetUsers(Users(130))]);
    assert_eq!(model.run.as_ref().unwrap().users.wanted, Some(150));
    model.now = Duration::from_millis(50);
    assert!(handle(&mut model, Message::Tick).is_empty());
    model.now = Duration::from_millis(100);
    assert_eq!(sent(&handle(&mut model, Message::Tick)), [Command::SetUsers(Users(150))]);
    let mut taken = fixture::snapshot(135);
    taken.load.target = 150;
    handle(&mut model, Message::Snapshot(Arc::new(taken)));
    assert_eq!(model.run.as_ref().unwrap().users.wanted, None);
}

#[test]
fn a_wrong_value_keeps_the_prompt_open_with_its_error() {
    let mut model = fixture::dashboard();
    assert!(press(&mut model, "u5.5\n").is_empty());
    let Some(Overlay::Prompt(prompt)) = &model.overlay else { panic!("the prompt is gone") };
    assert!(prompt.error.as_ref().unwrap().contains("expected a whole number from 0"));
}

#[test]
fn alt_and_a_key_count_as_escape_and_the_key() {
    let mut model = fixture::dashboard();
    press(&mut model, "u");
    handle(&mut model, Message::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT)));
    assert!(matches!(model.overlay, Some(Overlay::Confirm(_))), "the prompt is closed and q asks");
    let mut plain = fixture::dashboard();
    assert!(handle(&mut plain, Message::Key(KeyEvent::new(KeyCode::Char('+'), KeyModifiers::ALT))).is_empty());
}

#[test]
fn scrolling_is_limited() {
    let scroll = |model: &Model| match model.overlay {
        Some(Overlay::Help { scroll } | Overlay::Detail { scroll, .. }) => scroll,
        _ => panic!("no page"),
    };
    for open in ["?", "\n"] {
        let mut model = fixture::dashboard();
        let row = model.run.as_ref().unwrap().endpoint.index();
        press(&mut model, open);
        // Set by the view.
        model.page_end.set(12);
        for (keys, wanted) in [("G", 12), ("jjj", 12), ("k", 11), ("g", 0), ("jj", 2)] {
            press(&mut model, keys);
            assert_eq!(scroll(&model), wanted, "{open:?} {keys}");
        }
        // The terminal has grown.
        press(&mut model, "G");
        model.page_end.set(5);
        press(&mut model, "k");
        assert_eq!(scroll(&model), 4);
        assert_eq!(model.run.as_ref().unwrap().endpoint.index(), row, "the list below does not move");
    }
}

#[test]
fn the_span_of_charts_can_be_changed() {
    let mut model = fixture::dashboard();
    press(&mut model, "]]");
    assert_eq!(model.run.as_ref().unwrap().span, Span::Last(Duration::from_secs(60)));
    assert!(model.toast.as_ref().unwrap().text.contains("last 1m"));
    press(&mut model, "[[[");
    assert_eq!(model.run.as_ref().unwrap().span, Span::Whole);
}

#[test]
fn quitting_asks_while_load_runs() {
    let mut model = fixture::dashboard();
    assert!(press(&mut model, "qn").is_empty());
    assert!(matches!(press(&mut model, "qy")[..], [Effect::Quit]));
    assert!(matches!(press(&mut model, "\x03\x03")[..], [Effect::Force]));
    let mut idle = fixture::launcher();
    assert!(matches!(press(&mut idle, "q")[..], [Effect::Quit]));
}

#[test]
fn after_the_end_keys_restart_or_go_back() {
    let mut last = fixture::snapshot(140);
    last.state = RunState::Done(End::Stopped);
    let mut model = fixture::dashboard();
    handle(&mut model, Message::Snapshot(Arc::new(last)));
    assert!(matches!(press(&mut model, "n")[..], [Effect::Start { index: 0, .. }]));
    assert!(press(&mut model, "b").is_empty() && model.run.is_none());
}

#[test]
fn a_frozen_display_still_exports_the_latest_snapshot() {
    let mut model = fixture::dashboard();
    press(&mut model, "f");
    handle(&mut model, Message::Snapshot(Arc::new(fixture::snapshot(150))));
    assert_eq!(model.run.as_ref().unwrap().shown().elapsed.as_secs(), 134);
    let effects = press(&mut model, "e");
    assert!(matches!(&effects[..], [Effect::Export(s)] if s.elapsed.as_secs() == 150));
    press(&mut model, "\x1b");
    assert_eq!(model.run.as_ref().unwrap().shown().elapsed.as_secs(), 150);
}

#[test]
fn a_broken_scenario_does_not_start() {
    let mut model = fixture::launcher();
    assert!(press(&mut model, "j\n").is_empty());
    assert!(model.toast.is_some());
    assert!(matches!(press(&mut model, "k\n")[..], [Effect::Start { index: 0, .. }]));
}

#[test]
fn a_scenario_starts_once_it_is_read() {
    let mut model = fixture::launcher();
    let read = |model: &mut Model, index: usize| {
        let item = &model.launcher.items[index];
        let request = ReadRequest { index, entry: item.entry.clone(), known: None, overrides: Overrides::default() };
        handle(model, Message::Read(index, Box::new(request.read())))
    };
    model.launcher.items.iter_mut().for_each(|item| item.reading = None);
    assert!(press(&mut model, "\n").is_empty() && read(&mut model, 1).is_empty());
    assert!(matches!(read(&mut model, 0)[..], [Effect::Start { index: 0, .. }]));
    assert!(read(&mut model, 0).is_empty(), "only once");
    // Highlighting another one cancels the start.
    model.launcher.items[0].reading = None;
    press(&mut model, "\nj");
    assert!(read(&mut model, 0).is_empty());
    // A broken one shows why it does not start.
    model.launcher.items[1].reading = None;
    press(&mut model, "\n");
    assert!(model.toast.is_none() && read(&mut model, 1).is_empty() && model.toast.is_some());
}

#[test]
fn filters_limit_the_list() {
    let mut model = fixture::launcher();
    press(&mut model, "/ord\n");
    assert_eq!((model.launcher.visible(), model.launcher.selected), (vec![1], 1));
    let mut model = fixture::dashboard();
    press(&mut model, "/cart\n");
    assert_eq!(model.run.as_ref().unwrap().endpoints().len(), 1);
}

mod checks;
mod highlight;
mod host;
mod steering;
mod stopping;
