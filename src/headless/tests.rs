use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::*;
use crate::stats::snapshot::LoadView;
use crate::verdict::conclude;

pub(super) fn snapshot(state: RunState) -> Snapshot {
    Snapshot {
        load: LoadView { vu_hours: 1.25, ..LoadView::default() },
        health: Health { cpu: 0.31, ..Health::default() },
        ..Snapshot::empty(state)
    }
}

#[test]
fn ending_shows_vu_hours_health_and_aborted_requests() {
    let mut last = snapshot(RunState::Done(End::Completed));
    let text = ending(&last, 80);
    assert!(text.contains("1.250 VU-hours, load generator fine (CPU 31 %)\n"), "{text}");
    assert!(!text.contains("ABORTED") && !text.contains("broke"));
    last.health = Health { level: Level::Amber, why: Some("timers are late".into()), ..last.health };
    assert!(ending(&last, 80).contains("overloaded (CPU 31 %): timers are late\n"));
    last.aborted = 3;
    last.state = RunState::Done(End::Broken);
    let text = ending(&last, 80);
    assert!(text.starts_with(" ✗ TARGET NOT RESPONDING: no response: 3 requests aborted at the end."), "{text}");
    assert!(text.contains("The run failed"), "{text}");
    last.load.last_response = Some(Duration::ZERO);
    assert!(ending(&last, 80).starts_with(" ! ABORTED: 3 requests at the end, before the response."), "{text}");
}

#[test]
fn uncounted_requests_are_shown_below_every_table() {
    let mut last = snapshot(RunState::Running);
    assert!(!table_now(&last, 80).contains("dropped"));
    last.plan.arrivals = crate::stats::snapshot::Arrivals { started: 988, dropped: 12 };
    last.plan.left_out = 34;
    for text in [table_now(&last, 80), ending(&last, 80), text::summary(&last, &conclude(&last, false), 120)] {
        assert!(text.contains("12 iterations were dropped") && text.contains("988 were started"), "{text}");
        assert!(text.contains("34 requests of the warm-up are in no row"), "{text}");
    }
}

#[test]
fn follow_ends_with_the_done_snapshot_or_a_closed_channel() {
    for gone in [false, true] {
        let (commands, _orders) = mpsc::channel(1);
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running)));
        let handle = RunHandle::new(commands, receiver);
        let engine = std::thread::spawn(move || {
            if !gone {
                sender.send(Arc::new(snapshot(RunState::Done(End::Completed)))).unwrap();
            }
        });
        let settings = Settings { only_summary: true, ..Settings::default() };
        let followed = follow(
            Started { handle, signals: Signals::new().unwrap(), notes: &[], writing: Vec::new() },
            &settings,
            |last| conclude(last, false),
        );
        let Followed { last, forced_by } = followed.unwrap();
        engine.join().unwrap();
        assert_eq!((last.state.is_done(), forced_by), (!gone, None));
    }
}
