//! Limits that keep an accidental key from causing a load spike.

use super::*;
use crate::tui::model::{Planned, Question};

/// A run with `users` users whose plan has `planned`.
fn running(users: u32, planned: u32) -> Model {
    let mut model = fixture::dashboard();
    let run = model.run.as_mut().unwrap();
    Arc::make_mut(&mut run.latest).load.target = users;
    run.planned = Planned { users: planned, ..run.planned };
    model
}

/// The wanted number of users.
fn users(model: &Model) -> u32 {
    steer::users_now(model.run.as_ref().unwrap())
}

/// Presses a key at each of these times, in milliseconds.
fn at(model: &mut Model, key: &str, moments: impl IntoIterator<Item = u64>) {
    for moment in moments {
        model.now = Duration::from_millis(moment);
        press(model, key);
    }
}

/// The times of a key held down from `from` on: 500 ms until the first repeat, then 30 per second.
fn held(from: u64, repeats: u64) -> impl Iterator<Item = u64> {
    std::iter::once(from).chain((0..repeats).map(move |n| from + 500 + n * 33))
}

#[test]
fn steps_are_a_tenth_of_the_plan() {
    for (now, planned, key, wanted) in [
        (24, 24, "+", 26),
        (24, 24, "-", 22),
        (5, 5, "+", 6),
        (0, 0, "+", 1),
        (75, 50, "+", 80),
        (75, 50, ")", 125),
        (3, 3, ")", 13),
        (6, 3, ")", 16),
        (75, 50, "(", 25),
        (3, 50, "-", 0),
        (999_999, 10, "+", 1_000_000),
        (1_000_000, 1_000_000, "+", 1_000_000),
    ] {
        let mut model = running(now, planned);
        press(&mut model, key);
        assert_eq!(users(&model), wanted, "{now} of {planned}, {key}");
    }
}

#[test]
fn keys_at_a_limit_show_a_note() {
    let shown = |model: &Model| model.run.as_ref().and_then(|run| run.note.as_ref()).map(|note| note.text.clone());
    for (now, key, wanted) in [
        (0, "-", "there are no users to remove: the target is 0"),
        (0, "(", "there are no users to remove: the target is 0"),
        (1_000_000, "+", "users are at the maximum of 1,000,000"),
        (1_000_000, ")", "users are at the maximum of 1,000,000"),
    ] {
        let mut model = running(now, 50);
        assert!(sent(&press(&mut model, key)).is_empty(), "{now} {key}");
        assert_eq!(shown(&model).as_deref(), Some(wanted));
    }
    for (now, key, wanted) in [
        (0.05, ",", "the spawn rate is 0.05/s; r enters a lower one"),
        (100_000.0, ".", "the spawn rate is at the maximum of 100000/s"),
    ] {
        let mut model = running(50, 50);
        Arc::make_mut(&mut model.run.as_mut().unwrap().latest).load.spawn_rate = now;
        assert!(sent(&press(&mut model, key)).is_empty(), "{now} {key}");
        assert_eq!(shown(&model).as_deref(), Some(wanted));
    }
}

#[test]
fn a_single_press_is_not_held_and_makes_its_whole_step() {
    let mut model = running(3, 3);
    at(&mut model, ")", [0]);
    assert_eq!((users(&model), note(&model)), (13, None));
    at(&mut model, ")", [100]);
    assert_eq!(users(&model), 13);
    assert!(note(&model).unwrap().contains("release the key"));
}

#[test]
fn a_held_key_stops_at_twice_the_plan() {
    for (name, moments, wanted) in [
        ("held for long", held(0, 200).collect::<Vec<_>>(), 48),
        ("held, with all repeats arriving at once", vec![0; 200], 48),
        ("held, over a slow connection", (0..200).map(|n| n * 400).collect(), 48),
        ("and pressed again", held(0, 200).chain([60_000]).collect(), 50),
        ("and held again", held(0, 200).chain(held(60_000, 200)).collect(), 50),
        ("and pressed twice", held(0, 200).chain([60_000, 61_000]).collect(), 52),
        ("pressed slowly all the way", (0..15).map(|n| n * 1_000).collect(), 24 + 15 * 2),
    ] {
        let mut model = running(24, 24);
        at(&mut model, "+", moments);
        assert_eq!(users(&model), wanted, "{name}");
    }
    // The note says why it stopped.
    let mut model = running(24, 24);
    at(&mut model, "+", held(0, 200));
    assert_eq!(note(&model), Some("48 users (plan 24): release the key and press it again for more"));
    assert!(model.toast.is_none(), "findings stay visible");
}

fn note(model: &Model) -> Option<&str> {
    model.run.as_ref().and_then(|run| run.note.as_ref()).map(|note| note.text.as_str())
}

#[test]
fn a_note_about_a_limit_disappears_when_the_load_changes() {
    let limited = |key: &str| {
        let mut model = running(24, 24);
        at(&mut model, key, held(0, 200));
        // The last value is sent.
        model.now += Duration::from_millis(200);
        handle(&mut model, Message::Tick);
        assert!(note(&model).is_some_and(|words| words.ends_with("press it again for more")), "{key}");
        model
    };
    let take = |model: &mut Model, state: RunState, load: (u32, f64)| {
        let mut next = fixture::snapshot(136);
        (next.state, next.load.target, next.load.spawn_rate) = (state, load.0, load.1);
        handle(model, Message::Snapshot(Arc::new(next)));
    };
    // The engine has applied it, and ramps up.
    let mut model = limited("+");
    take(&mut model, RunState::Ramping, (48, 5.0));
    take(&mut model, RunState::Running, (48, 5.0));
    assert!(note(&model).is_some());
    // Another key, a typed number and the plan change the target.
    for keys in ["-", "u15\n", "."] {
        let mut model = limited("+");
        press(&mut model, keys);
        handle(&mut model, Message::Tick);
        assert_eq!(note(&model), None, "{keys}");
    }
    take(&mut model, RunState::Running, (15, 5.0));
    assert_eq!(note(&model), None);
    for state in [RunState::Paused, RunState::Stopping, RunState::Done(End::Completed)] {
        for (key, load) in [("+", (48, 5.0)), (".", (24, 10.0))] {
            let mut model = limited(key);
            take(&mut model, state, load);
            assert_eq!(note(&model), None, "{state:?}");
        }
    }
    let mut model = limited("+");
    model.now += Duration::from_secs(9);
    handle(&mut model, Message::Tick);
    assert_eq!(note(&model), None);
}

#[test]
fn another_key_interrupts_a_held_key() {
    let mut model = running(48, 24);
    at(&mut model, "+", [0, 100, 200]);
    assert_eq!(users(&model), 50);
    at(&mut model, "-", [300]);
    at(&mut model, "+", [400]);
    assert_eq!(users(&model), 50);
    // The large step is a separate key.
    at(&mut model, ")", [500, 600, 700]);
    assert_eq!(users(&model), 70);
}

#[test]
fn the_spawn_rate_is_limited_too() {
    let rate = |model: &Model| steer::rate_now(model.run.as_ref().unwrap());
    let mut model = fixture::dashboard();
    at(&mut model, ".", held(0, 200));
    assert_eq!(rate(&model), 10.0);
    at(&mut model, ".", held(60_000, 200));
    assert_eq!(rate(&model), 10.5);
    at(&mut model, ",", held(120_000, 200));
    assert_eq!(rate(&model), 0.1);
    // A typed rate below the minimum of steps is not raised.
    press(&mut model, "r0.05\n,");
    assert_eq!(rate(&model), 0.05);
}

#[test]
fn large_jumps_need_a_confirmation() {
    for (now, typed, asks) in [
        (75, "7530", true),
        (75, "176", true),
        (75, "175", false),
        (75, "30", false),
        (0, "101", true),
        (0, "100", false),
        (200, "400", false),
        (200, "401", true),
        (600_000, "1000000", false),
    ] {
        for is_pasted in [false, true] {
            let mut model = running(now, 50);
            press(&mut model, "u");
            if is_pasted {
                handle(&mut model, Message::Paste(format!("{typed}\n")));
            } else {
                press(&mut model, typed);
            }
            let wanted = [Command::SetUsers(Users(typed.parse().unwrap()))];
            let first = sent(&press(&mut model, "\n"));
            if !asks {
                assert_eq!(first, wanted, "{now} {typed}");
                continue;
            }
            assert!(first.is_empty(), "{now} {typed}");
            let Some(Overlay::Confirm(question @ Question::Users { .. })) = model.overlay else {
                panic!("{now} {typed}: no question")
            };
            let words = question.text().replace(',', "");
            assert!(words.contains(&format!("{now} → {typed} users")), "{words}");
            assert_eq!(sent(&press(&mut model, "y")), wanted, "{now} {typed}: confirmed once");
        }
    }
    let mut model = running(75, 50);
    assert!(sent(&press(&mut model, "u7530\nn+")).iter().all(|command| *command == Command::SetUsers(Users(80))));
    let mut model = fixture::dashboard();
    assert!(press(&mut model, "r5000\n").is_empty());
    assert_eq!(sent(&press(&mut model, "y")), [Command::SetSpawnRate(PerSecond(5_000.0))]);
}

#[test]
fn invalid_values_keep_the_prompt_open() {
    for typed in ["", "x", "-1", "1.0", "1000001", "99999999999999999999", "3 0", "٣", "5.5"] {
        let mut model = running(75, 50);
        press(&mut model, "u\x08\x08");
        press(&mut model, typed);
        assert!(press(&mut model, "\n").is_empty(), "{typed:?}");
        let Some(Overlay::Prompt(prompt)) = &model.overlay else { panic!("{typed:?}: the prompt is gone") };
        assert!(
            prompt.error.as_ref().is_some_and(|error| error.contains("whole number from 0 to 1000000")),
            "{typed:?}"
        );
        press(&mut model, "\x1b");
        assert!(model.overlay.is_none() && users(&model) == 75, "{typed:?}");
    }
}

#[test]
fn a_run_that_has_ended_cannot_be_changed() {
    for keys in ["u30", "r7", "u7530\n", "r5000\n", "x"] {
        let mut model = running(75, 50);
        press(&mut model, keys);
        let mut last = fixture::snapshot(140);
        last.state = RunState::Done(End::Completed);
        handle(&mut model, Message::Snapshot(Arc::new(last)));
        assert!(model.overlay.is_none() && sent(&press(&mut model, "y\n")).is_empty(), "{keys}");
        assert_eq!(model.run.as_ref().unwrap().users.wanted, None, "{keys}");
    }
}
