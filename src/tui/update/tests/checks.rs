//! Starts that wait for checks, and the page of checks.

use super::*;
use crate::doctor::Preflight;
use crate::tui::model::Shown;

/// A launcher that waits for checks with the number 2.
fn waiting() -> Model {
    let mut model = fixture::launcher();
    assert!(matches!(press(&mut model, "\n")[..], [Effect::Start { index: 0, .. }]));
    handle(&mut model, Message::Checking { number: 2, index: 0, overrides: Overrides::default() });
    model
}

fn passed(number: u64) -> Message {
    Message::Checked(number, Preflight::Start("low".to_owned()))
}

#[test]
fn a_start_waits_for_its_own_checks() {
    let mut model = waiting();
    assert!(press(&mut model, "\n").is_empty(), "it waits already");
    assert!(handle(&mut model, passed(1)).is_empty(), "they belong to another start");
    let effects = handle(&mut model, passed(2));
    assert!(matches!(&effects[..], [Effect::Launch { index: 0, warning, .. }] if warning == "low"), "{effects:?}");
    assert!(handle(&mut model, passed(2)).is_empty(), "it has started");
}

#[test]
fn another_choice_cancels_a_start() {
    for keys in ["\x1b", "j", "u7\n"] {
        let mut model = waiting();
        press(&mut model, keys);
        assert!(handle(&mut model, passed(2)).is_empty(), "{keys:?}");
        assert!(matches!(press(&mut model, "k\n")[..], [Effect::Start { index: 0, .. }]), "{keys:?}");
    }
}

#[test]
fn a_refusal_says_why() {
    let mut model = waiting();
    let why = "host: h.invalid: unknown host name. Check the spelling.".to_owned();
    assert!(handle(&mut model, Message::Checked(2, Preflight::Refuse(why))).is_empty());
    let Shown::Error(text) = model.launcher.shown() else { panic!("no error") };
    assert!(text.contains("h.invalid: unknown host name. Check") && text.contains("--no-preflight"), "{text}");
    press(&mut model, "jk");
    assert!(matches!(model.launcher.shown(), Shown::Preview(_)), "until another one is highlighted");
}

#[test]
fn the_page_of_checks_opens_runs_again_and_closes() {
    let mut model = fixture::launcher();
    assert!(matches!(press(&mut model, "d")[..], [Effect::Diagnose]));
    handle(&mut model, Message::Diagnosing(2));
    assert!(matches!(model.overlay, Some(Overlay::Doctor { .. })));
    assert!(press(&mut model, "d").is_empty(), "they run already");
    let answers = |model: &Model| model.launcher.diagnosis.as_ref().is_some_and(|one| one.answers.is_some());
    handle(&mut model, Message::Diagnosed(1, Vec::new()));
    assert!(!answers(&model), "they belong to an earlier page");
    handle(&mut model, Message::Diagnosed(2, Vec::new()));
    assert!(answers(&model));
    assert!(matches!(press(&mut model, "d")[..], [Effect::Diagnose]));
    assert!(press(&mut model, "q").is_empty() && model.overlay.is_none(), "q closes the page first");
    // A scenario that was not read has no checks.
    model.launcher.items[0].reading = None;
    assert!(press(&mut model, "d").is_empty() && model.toast.is_some());
}
