use std::sync::Arc;
use std::time::SystemTime;

use super::*;
use crate::row_kind::RowKind;
use crate::stats::snapshot::{Arrivals, End, ExceptionRow, Health, RunInfo};
use crate::stats::{Aggregator, Example, Moment, Reason};

/// A snapshot one minute into a run without requests.
fn minute() -> Snapshot {
    let run = RunInfo {
        scenario: "shop".into(),
        host: "http://127.0.0.1:22999".into(),
        started: SystemTime::UNIX_EPOCH,
        run_time: None,
        classes: Vec::new(),
        seed: 1,
        is_insecure: false,
        operations: Vec::new(),
        trace_url: None,
    };
    let mut aggregator = Aggregator::new(run, vec![(RowKind::http("GET"), "/a".into())], 1);
    let moment = |second| Moment {
        elapsed: Duration::from_secs(second),
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        state: RunState::Running,
        target: 3,
        spawn_rate: 1.0,
        vu_hours: 0.0,
        health: Health::default(),
    };
    for second in 0..60 {
        aggregator.snapshot(moment(second));
    }
    (*aggregator.snapshot(moment(60))).clone()
}

fn failed(reason: Reason, count: u64, second: u64) -> FailureRow {
    FailureRow {
        id: count,
        kind: RowKind::http("GET"),
        name: "/a".into(),
        silence: reason.silence(),
        reason: reason.to_string().into(),
        count,
        first: SystemTime::UNIX_EPOCH + Duration::from_secs(10),
        last: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        example: None,
    }
}

/// Sets requests and failures of the last ten seconds and of the run.
fn measured(snapshot: &mut Snapshot, requests: u64, failures: u64, millis: u64) {
    let times = [Duration::from_millis(millis); 11];
    let row = &mut snapshot.total;
    for figures in [&mut row.total, &mut row.now] {
        (figures.requests, figures.failures, figures.responses) = (requests, failures, requests);
        (figures.response.count, figures.response.percentiles) = (requests, times);
    }
    snapshot.load.last_response = Some(snapshot.elapsed);
}

fn kinds(snapshot: &Snapshot) -> Vec<Kind> {
    findings(snapshot).into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_healthy_run_has_no_findings() {
    let mut snapshot = minute();
    assert_eq!(kinds(&snapshot), [], "nothing was sent");
    measured(&mut snapshot, 1_000, 4, 20);
    (snapshot.load.in_flight, snapshot.load.oldest) = (9, Some(Duration::from_millis(2_900)));
    snapshot.failures.rows = vec![failed(Reason::Status(503), 4, 59)];
    assert_eq!(kinds(&snapshot), []);
    // A user with a long wait time is not a hanging server.
    (snapshot.load.in_flight, snapshot.load.oldest, snapshot.load.last_response) = (0, None, Some(Duration::ZERO));
    assert_eq!(kinds(&snapshot), []);
}

#[test]
fn a_target_that_is_down_is_reported_with_reason_and_advice() {
    let text: Arc<str> = "no such name".into();
    for (reason, words, remedy) in [
        (
            Reason::ConnectionRefused,
            "connection refused; 0 of 92 got a response",
            "Nothing listens at the address: is the server running?",
        ),
        (
            Reason::ConnectionReset,
            "connection reset by the server; 0 of 92",
            "Connections are closed before the response",
        ),
        (Reason::ConnectionClosed, "connection closed before", "Connections are closed before the response"),
        (Reason::Dns(text.clone()), "name not resolved: no such name; 0 of 92", "Check the host name"),
        (Reason::Tls(text.clone()), "TLS failed: no such name; 0 of 92", "Check the certificate"),
        (Reason::Network(text), "no such name; 0 of 92", "not reachable from this machine"),
        (Reason::Timeout(Duration::from_secs(10)), "timed out after 10s; 0 of 92", "does not respond, or a firewall"),
        (
            Reason::NoResponse(Duration::from_secs(10)),
            "no response within 10s before",
            "does not respond, or a firewall",
        ),
    ] {
        let mut snapshot = minute();
        snapshot.load.unanswered = 92;
        snapshot.failures.rows = vec![failed(reason.clone(), 92, 60), failed(Reason::Status(503), 500, 5)];
        (snapshot.total.now.requests, snapshot.total.now.failures) = (92, 92);
        let found = findings(&snapshot);
        assert_eq!((found.len(), found[0].kind), (1, Kind::NotResponding), "{reason}: {found:?}");
        assert!(found[0].evidence.starts_with(words), "{}", found[0].evidence);
        assert!(found[0].remedy.contains(remedy), "{}", found[0].remedy);
        // During a run, one failure is not enough, and some time must pass.
        for (unanswered, last, wanted) in [(92, 30, true), (3, 58, true), (3, 59, false), (2, 30, false)] {
            snapshot.load.unanswered = unanswered;
            snapshot.load.last_response = Some(Duration::from_secs(last));
            let found = findings(&snapshot);
            assert_eq!(found[0].kind == Kind::NotResponding, wanted, "{reason} {unanswered} {last}");
            assert!(!wanted || found[0].evidence.contains(&format!("since 00:{last}")), "{}", found[0].evidence);
        }
    }
    // The host that refuses is named, which may not be the host of the run.
    let mut snapshot = minute();
    snapshot.load.unanswered = 92;
    let example = |detail: &str| Some(Arc::new(Example { detail: detail.into(), ..Example::default() }));
    for (detail, remedy) in [
        ("connection refused by 127.0.0.1:6379", "Nothing listens at 127.0.0.1:6379: is the server running?"),
        ("Connection refused (os error 111)", "Nothing listens at the address: is the server running?"),
    ] {
        let row = FailureRow { example: example(detail), ..failed(Reason::ConnectionRefused, 92, 60) };
        snapshot.failures.rows = vec![row];
        assert_eq!(findings(&snapshot)[0].remedy, remedy);
    }
    // It was down, and hangs now.
    let mut snapshot = minute();
    (snapshot.load.unanswered, snapshot.load.in_flight, snapshot.load.oldest) = (2, 3, Some(Duration::from_secs(5)));
    for (reason, second, kind) in [
        (Reason::ConnectionRefused, 54, Kind::Hanging),
        (Reason::ConnectionRefused, 56, Kind::NotResponding),
        (Reason::Timeout(Duration::from_secs(10)), 50, Kind::NotResponding),
    ] {
        snapshot.failures.rows = vec![failed(reason, 2, second)];
        assert_eq!(kinds(&snapshot), [kind], "{second}");
    }
    // Failures of the generator are not failures of the server.
    let mut snapshot = minute();
    snapshot.load.unanswered = 92;
    snapshot.failures.rows = vec![failed(Reason::Generator("too many open files".into()), 92, 60)];
    (snapshot.total.now.requests, snapshot.total.now.failures) = (92, 92);
    assert_eq!(kinds(&snapshot), [Kind::Failing]);
}

#[test]
fn a_target_that_accepts_and_never_responds_hangs() {
    let seconds = Duration::from_secs;
    for (oldest, last, p99, unanswered, wanted) in [
        (Some(14), None, 0, 0, true),
        (Some(3), None, 0, 0, true),
        (Some(2), None, 0, 0, false),
        (Some(14), Some(46), 20, 0, true),
        // Other requests get responses.
        (Some(14), Some(59), 20, 0, false),
        // It always takes this long.
        (Some(14), Some(46), 8_000, 0, false),
        (Some(17), Some(43), 8_000, 0, true),
        // Earlier requests timed out.
        (Some(1), Some(46), 20, 2, true),
        (None, Some(46), 20, 0, false),
    ] {
        let mut snapshot = minute();
        if p99 > 0 {
            measured(&mut snapshot, 1_000, 0, p99);
        }
        let load = &mut snapshot.load;
        (load.in_flight, load.oldest) = (if oldest.is_some() { 3 } else { 0 }, oldest.map(seconds));
        (load.last_response, load.unanswered) = (last.map(seconds), unanswered);
        let found = findings(&snapshot);
        let what = format!("{oldest:?} {last:?} {p99} {unanswered}: {found:?}");
        assert_eq!(found.first().is_some_and(|finding| finding.kind == Kind::Hanging), wanted, "{what}");
    }
    let mut snapshot = minute();
    (snapshot.load.in_flight, snapshot.load.oldest) = (3, Some(seconds(14)));
    let finding = findings(&snapshot).remove(0);
    assert_eq!(finding.evidence, "3 in flight, the oldest for 14s, no response yet");
    snapshot.load.last_response = Some(seconds(46));
    assert_eq!(findings(&snapshot)[0].evidence, "3 in flight, the oldest for 14s, no response for 14s");
    // The previous user had a long wait time.
    snapshot.load.last_response = Some(seconds(5));
    assert_eq!(findings(&snapshot)[0].evidence, "3 in flight, the oldest for 14s, no response for 14s");
    // A paused run sends no more requests, but those in flight still hang.
    (snapshot.state, snapshot.load.last_response) = (RunState::Paused, Some(snapshot.elapsed));
    assert_eq!(kinds(&snapshot), [Kind::Hanging]);
}

#[test]
fn the_most_severe_comes_first() {
    let mut all = minute();
    measured(&mut all, 100, 50, 20);
    all.failures.rows =
        vec![failed(Reason::Status(503), 41, 60), failed(Reason::Timeout(Duration::from_secs(1)), 9, 60)];
    all.exceptions = vec![
        ExceptionRow { count: 1, message: "rare".into(), place: "User, a".into() },
        ExceptionRow { count: 12, message: "undefined value\u{1b}[2J".into(), place: "User, b".into() },
    ];
    (all.load.in_flight, all.load.oldest) = (9, Some(Duration::from_secs(14)));
    all.health = Health { level: Level::Red, why: Some("timers fire late".into()), ..Health::default() };
    all.plan.arrivals = Arrivals { started: 88, dropped: 12 };
    let found = findings(&all);
    assert!(found.is_sorted_by_key(|finding| finding.kind), "{found:?}");
    let expected = [Kind::ScenarioError, Kind::Failing, Kind::Slow, Kind::GeneratorRed, Kind::Dropped];
    assert_eq!(kinds(&all), expected);
    assert_eq!(found[0].evidence, "User, b: undefined value [2J (12×)");
    let failing = "50.0 % of requests; most: GET /a HTTP 503 Service Unavailable, 41 of 50 failures so far, since 00:09 at 0 users";
    assert_eq!(found[1].evidence, failing);
    assert_eq!(found[2].evidence, "9 in flight, the oldest for 14s; p99 is 20ms");
    assert_eq!(found[3].line().split(". ").next(), Some("GENERATOR IS THE BOTTLENECK: timers fire late"));
    assert_eq!(found[4].evidence, "12 of 100 were due while no user was free");

    all.health.level = Level::Amber;
    (all.load.last_response, all.load.unanswered) = (None, 9);
    let expected = [Kind::NotResponding, Kind::ScenarioError, Kind::Dropped, Kind::GeneratorAmber];
    assert_eq!(kinds(&all), expected);
    all.load.unanswered = 0;
    assert_eq!(kinds(&all)[..2], [Kind::Hanging, Kind::ScenarioError]);
}

#[test]
fn failures_are_counted_by_reason() {
    let mut all = minute();
    measured(&mut all, 100, 60, 20);
    let row = |reason, count, name: &str| FailureRow { name: name.into(), ..failed(reason, count, 60) };
    all.failures.rows = vec![
        row(Reason::Status(404), 20, "/a"),
        row(Reason::Status(503), 19, "/a"),
        row(Reason::Status(503), 11, "/b"),
        row(Reason::Status(503), 10, "/c"),
    ];
    let found = findings(&all).into_iter().find(|finding| finding.kind == Kind::Failing).unwrap();
    let wanted = "60.0 % of requests; most: HTTP 503 Service Unavailable in 3 rows, 40 of 60 failures so far, since ";
    assert!(found.evidence.starts_with(wanted), "{}", found.evidence);
}

#[test]
fn few_failures_are_reported_if_most_requests_fail() {
    for (requests, failures, wanted) in [(2, 1, true), (4, 1, false), (400, 4, false), (500, 5, true), (501, 5, false)]
    {
        let mut snapshot = minute();
        measured(&mut snapshot, requests, failures, 20);
        snapshot.failures.rows = vec![failed(Reason::Status(500), failures, 60)];
        assert_eq!(kinds(&snapshot) == [Kind::Failing], wanted, "{failures} of {requests}");
    }
}

#[test]
fn slow_is_relative_to_the_usual_response_time() {
    for (p95, wanted) in [(1_200, true), (719, false), (721, true)] {
        let mut snapshot = minute();
        let usual = |bucket| Bucket { p95: Some(Duration::from_millis(240)), ..bucket };
        snapshot.series.fine = snapshot.series.fine.iter().map(usual).collect();
        measured(&mut snapshot, 100, 0, p95);
        assert_eq!(kinds(&snapshot) == [Kind::Slow], wanted, "{p95}");
    }
    // Three times a very short time is still short.
    let mut snapshot = minute();
    let usual = |bucket| Bucket { p95: Some(Duration::from_micros(300)), ..bucket };
    snapshot.series.fine = snapshot.series.fine.iter().map(usual).collect();
    measured(&mut snapshot, 100, 0, 90);
    assert_eq!(kinds(&snapshot), []);
}

#[test]
fn a_run_that_is_over_is_judged_as_a_whole() {
    let mut snapshot = minute();
    snapshot.state = RunState::Done(End::Stopped);
    snapshot.aborted = 3;
    let found = findings(&snapshot);
    assert_eq!(found[0].evidence, "no response: 3 requests aborted at the end");
    measured(&mut snapshot, 100, 0, 20);
    assert_eq!(kinds(&snapshot), [Kind::Aborted]);
    snapshot.total.total.failures = 50;
    snapshot.total.now.failures = 0;
    snapshot.failures.rows = vec![failed(Reason::Status(500), 50, 20)];
    assert_eq!(kinds(&snapshot), [Kind::Failing, Kind::Aborted]);
}

#[test]
fn findings_are_bounded_and_have_no_control_characters() {
    let mut snapshot = minute();
    measured(&mut snapshot, 100, 50, 20);
    let mut row = failed(Reason::Other("\u{1b}[2J".repeat(5_000).into()), 50, 60);
    row.name = "/x\u{202e}".repeat(5_000).into();
    snapshot.failures.rows = vec![row];
    let message = "m\n".repeat(5_000).into();
    snapshot.exceptions = vec![ExceptionRow { count: 1, message, place: "p".repeat(5_000).into() }];
    for finding in findings(&snapshot) {
        let line = finding.line();
        assert!(line.chars().count() < 400 && !line.chars().any(char::is_control), "{line}");
    }
}

#[test]
fn only_worsening_figures_are_findings() {
    let drift = |metric: &str, slope: f64, is_significant| crate::stats::snapshot::Drift {
        metric: metric.into(),
        slope,
        interval: (slope, slope),
        is_significant,
        words: format!("{metric} {slope}").into(),
    };
    let mut snapshot = minute();
    snapshot.drifts =
        Arc::new(vec![drift("p50", 0.1, false), drift("p95", -0.1, true), drift("throughput", 1.0, true)]);
    assert_eq!(drifting::drifting(&snapshot), None);
    Arc::make_mut(&mut snapshot.drifts).extend([drift("throughput", -1.0, true), drift("p50", 0.2, true)]);
    let found = drifting::drifting(&snapshot).expect("two figures get worse");
    assert_eq!(found.line(), "DRIFTING: throughput -1; p50 0.2. Look for a leak, or for something that fills up.");
}
