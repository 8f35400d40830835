use super::*;
use crate::sink::interval::Interval;
use crate::stats::snapshot::{End, RunState};
use crate::verdict;

const ALL: [SlackEvent; 5] =
    [SlackEvent::Start, SlackEvent::End, SlackEvent::Abort, SlackEvent::Failure, SlackEvent::Recovery];

fn report(wanted: &[SlackEvent]) -> Report {
    Report::new(Arc::new(Meta::empty()), wanted.to_vec(), Arc::default())
}

fn changed(words: &str, judged: Judged) -> Event {
    let judgement = Judgement { words: words.into(), judged, ..Judgement::passing() };
    Event::Threshold(judgement, std::time::SystemTime::UNIX_EPOCH)
}

/// The message at the end of an interval at this second.
fn interval(report: &mut Report, second: u64) -> Option<String> {
    let snapshot = Snapshot { elapsed: Duration::from_secs(second), ..Snapshot::empty(RunState::Running) };
    let interval = Interval { seconds: Vec::new(), missed: 0, stage: None, snapshot: Arc::new(snapshot) };
    report.message(&Event::Interval(interval)).map(|message| message.plain_body())
}

#[test]
fn changes_of_thresholds_are_collected_and_repeated_changes_are_not_mentioned() {
    let mut report = report(&ALL);
    assert_eq!(interval(&mut report, 10), None);
    assert!(report.message(&changed("p95 < 1s", Judged::Violated)).is_none());
    assert!(report.message(&changed("p99 < 2s", Judged::Violated)).is_none());
    let message = interval(&mut report, 20).unwrap();
    assert!(message.contains("2 thresholds failed") && message.contains("p99"), "{message}");
    // It recovered and failed again: no change.
    for judged in [Judged::Passes, Judged::Failed] {
        assert!(report.message(&changed("p95 < 1s", judged)).is_none());
    }
    assert!(report.message(&changed("p99 < 2s", Judged::Passes)).is_none());
    assert_eq!(interval(&mut report, 30), None, "less than a minute after the last one");
    let message = interval(&mut report, 80).unwrap();
    assert!(message.contains("1 threshold recovered") && !message.contains("p95"), "{message}");
    assert_eq!(interval(&mut report, 200), None);
}

#[test]
fn each_message_can_be_turned_off() {
    let ended = |state| {
        let last = Snapshot::empty(state);
        let verdict = verdict::conclude(&last, false);
        Event::Ended(Arc::new(last), verdict)
    };
    let started = || Event::Started(Arc::new(Snapshot::empty(RunState::Running)));
    let said = |wanted: &[SlackEvent]| {
        let mut report = report(wanted);
        let mut said = vec![report.message(&started()).is_some()];
        report.message(&changed("a", Judged::Failed));
        said.push(interval(&mut report, 10).is_some());
        report.message(&changed("a", Judged::Passes));
        said.push(interval(&mut report, 100).is_some());
        said.push(report.message(&ended(RunState::Done(End::Threshold))).is_some());
        said.push(report.message(&ended(RunState::Done(End::Completed))).is_some());
        said
    };
    assert_eq!(said(&ALL), [true; 5]);
    for (at, event) in
        [SlackEvent::Start, SlackEvent::Failure, SlackEvent::Recovery, SlackEvent::Abort, SlackEvent::End]
            .into_iter()
            .enumerate()
    {
        let mut wanted = [false; 5];
        wanted[at] = true;
        assert_eq!(said(&[event]), wanted, "{event:?}");
    }
}

#[test]
fn the_end_compares_with_the_run_before() {
    let mut report = report(&ALL);
    let totals = crate::store::Totals {
        users: None,
        seconds: 10.0,
        requests: 100,
        failures: 1,
        p95_ms: Some(200.0),
        vu_hours: 0.1,
    };
    report.previous.set(Previous { id: "before".to_owned(), totals }).unwrap();
    let mut last = Snapshot::empty(RunState::Done(End::Completed));
    last.elapsed = Duration::from_secs(20);
    last.total.total.requests = 300;
    let verdict = verdict::conclude(&last, false);
    let message = report.message(&Event::Ended(Arc::new(last), verdict)).unwrap().plain_body();
    assert!(message.contains("Change from the run before* `before`"), "{message}");
    assert!(message.contains("failed 1.00 % → 0.00 %, 10.0 → 15.0 requests/s"), "{message}");
}

#[test]
fn a_spawn_rate_that_does_not_apply_is_not_mentioned() {
    let started = |is_shaped| content::started(&Meta { is_shaped, ..Meta::empty() }).plain_body();
    assert!(started(false).contains("Spawn rate: 1/s"), "{}", started(false));
    assert!(!started(true).contains("Spawn rate") && started(true).contains("Users: 1"), "{}", started(true));
}
