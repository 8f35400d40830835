//! While a run stops, keys that change the load only show a note.

use super::*;

fn note(model: &Model) -> Option<&str> {
    model.run.as_ref().and_then(|run| run.note.as_ref()).map(|note| note.text.as_str())
}

fn stop(model: &mut Model) {
    let mut next = fixture::snapshot(135);
    next.state = RunState::Stopping;
    handle(model, Message::Snapshot(Arc::new(next)));
}

#[test]
fn keys_that_change_the_load_show_a_note() {
    for (keys, what) in [
        ("+", "users can no longer be changed"),
        ("=", "users can no longer be changed"),
        ("-", "users can no longer be changed"),
        (")", "users can no longer be changed"),
        ("(", "users can no longer be changed"),
        ("u", "users can no longer be changed"),
        (".", "the spawn rate can no longer be changed"),
        (",", "the spawn rate can no longer be changed"),
        ("r", "the spawn rate can no longer be changed"),
        (" ", "it can no longer be paused"),
        ("p", "it can no longer follow the plan"),
    ] {
        // Also over a help or detail page.
        for before in ["", "?", "\n"] {
            let mut model = fixture::dashboard();
            stop(&mut model);
            press(&mut model, before);
            assert!(press(&mut model, keys).is_empty(), "{before:?} {keys}");
            assert_eq!(note(&model), Some(format!("the run is stopping: {what}").as_str()), "{before:?} {keys}");
            assert!(!matches!(model.overlay, Some(Overlay::Prompt(_))), "{keys}");
            let run = model.run.as_ref().unwrap();
            assert_eq!((run.users.wanted, run.rate.wanted), (None, None), "{keys}");
        }
    }
}

#[test]
fn prompts_and_pending_values_end_when_stopping_starts() {
    for (keys, what) in [("u30", "users"), ("r7", "the spawn rate")] {
        let mut model = fixture::dashboard();
        press(&mut model, keys);
        stop(&mut model);
        assert!(model.overlay.is_none(), "{keys}");
        assert_eq!(note(&model), Some(format!("the run is stopping: {what} can no longer be changed").as_str()));
    }
    // A late confirmation of "stop?" would abort the tasks.
    for keys in ["u7530\n", "r5000\n", "x"] {
        let mut model = fixture::dashboard();
        press(&mut model, keys);
        stop(&mut model);
        assert!(model.overlay.is_none() && sent(&press(&mut model, "y")).is_empty(), "{keys}");
    }
    // Pending values that were not sent.
    let mut model = fixture::dashboard();
    press(&mut model, "++..");
    stop(&mut model);
    model.now = Duration::from_secs(1);
    assert!(handle(&mut model, Message::Tick).is_empty());
    assert_eq!(model.run.as_ref().unwrap().users.wanted, None);
    // Prompts that do not change the load stay open.
    let mut model = fixture::dashboard();
    press(&mut model, "/cart");
    stop(&mut model);
    assert!(matches!(model.overlay, Some(Overlay::Prompt(_))));
    assert_eq!(sent(&press(&mut model, "\nxy")), [Command::Stop]);
    assert_eq!(note(&model), None);
}
