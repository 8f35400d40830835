//! Which rule decides the result of a run, and the reason it gives.

use std::sync::Arc;
use std::time::Duration;

use super::feed::{Activity, Feed, steady};
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Judged, RunState};
use crate::verdict::{Conclusion, conclude};

fn ended(thresholds: &str, seconds: &[Activity]) -> Snapshot {
    let mut feed = Feed::new("", thresholds);
    seconds.iter().for_each(|second| drop(feed.second(second)));
    Arc::unwrap_or_clone(feed.end())
}

fn failing() -> Activity {
    Activity { requests: vec![(0, 10, false, 90), (0, 10, true, 10)], ..Activity::default() }
}

#[test]
fn first_matching_rule_decides() {
    let all = "[max < 1ms, p99.9 < 1s, mean < 1s]";
    let undecided = "[p99.9 < 1s, mean < 1s]";
    let red = |snapshot: &mut Snapshot| snapshot.health.red = Duration::from_secs(10);
    let broken = |snapshot: &mut Snapshot| snapshot.state = RunState::Done(End::Broken);
    let nothing = |_: &mut Snapshot| {};
    type Change<'a> = &'a dyn Fn(&mut Snapshot);
    let both: Change<'_> = &|snapshot| {
        red(snapshot);
        broken(snapshot);
    };
    for (thresholds, second, change, decides, expected) in [
        (all, failing(), both, true, Conclusion::Broken),
        (all, failing(), &red as Change<'_>, true, Conclusion::Invalid),
        (all, failing(), &nothing, true, Conclusion::ThresholdFailed),
        (undecided, failing(), &nothing, true, Conclusion::Undecided),
        ("[mean < 1s]", failing(), &nothing, true, Conclusion::RequestsFailed),
        ("[mean < 1s]", failing(), &nothing, false, Conclusion::Passed),
        ("[]", failing(), &nothing, false, Conclusion::RequestsFailed),
        ("[]", steady(100, 10), &nothing, true, Conclusion::Passed),
        // Thresholds with `warn` never decide.
        ("[{ check: max < 1ms, warn: true }]", steady(100, 10), &nothing, false, Conclusion::Passed),
        ("[{ check: p99.9 < 1s, warn: true }]", steady(100, 10), &nothing, false, Conclusion::Passed),
        ("[{ check: max < 1s, warn: true }]", failing(), &nothing, false, Conclusion::RequestsFailed),
        ("[]", Activity { exceptions: 1, ..steady(9, 1) }, &nothing, false, Conclusion::RequestsFailed),
    ] {
        let mut snapshot = ended(thresholds, &[second]);
        change(&mut snapshot);
        assert_eq!(conclude(&snapshot, decides).conclusion, expected, "{thresholds} {decides}");
    }
}

#[test]
fn reason_is_a_sentence() {
    let activity = failing();
    for (thresholds, reason) in [
        ("[max < 1ms, mean < 1s]", "max < 1ms was not met: 10ms"),
        ("[max < 1ms, mean < 1ms]", "max < 1ms was not met: 10ms, and one more threshold"),
        ("[max < 1ms, mean < 1ms, min < 1ms]", "max < 1ms was not met: 10ms, and 2 more thresholds"),
        ("[{ check: max < 1ms, on: \"GET /\" }]", "max < 1ms (of GET /) was not met: 10ms"),
        ("[p99 < 1s]", "cannot tell whether p99 < 1s was met: 100 of at least 299 requests"),
        ("[max < 1s]", "max < 1s was met, and 10 of 100 requests failed"),
        ("[max < 1s, min < 1s]", "all 2 thresholds were met, and 10 of 100 requests failed"),
        ("[]", "10 of 100 requests failed"),
    ] {
        assert_eq!(conclude(&ended(thresholds, std::slice::from_ref(&activity)), false).reason, reason);
    }
    assert_eq!(conclude(&ended("[]", &[steady(5, 5)]), false).reason, "no request failed");
}

#[test]
fn run_without_requests_is_not_a_success() {
    let idle = Activity::default();
    for (thresholds, seconds, conclusion, reason) in [
        ("[]", vec![idle.clone()], Conclusion::Undecided, "no requests were sent"),
        ("[]", vec![], Conclusion::Undecided, "no requests were sent"),
        ("[{ check: max < 1s, warn: true }]", vec![idle.clone()], Conclusion::Undecided, "no requests were sent"),
        ("[max < 1s]", vec![idle.clone()], Conclusion::Undecided, "no requests were sent"),
        ("[requests == 0]", vec![idle.clone()], Conclusion::Passed, "requests == 0 was met"),
        ("[requests >= 1]", vec![idle.clone()], Conclusion::ThresholdFailed, "requests >= 1 was not met: 0"),
        (
            "[]",
            vec![Activity { exceptions: 1, ..idle.clone() }],
            Conclusion::RequestsFailed,
            "the scenario raised 1 error",
        ),
    ] {
        let verdict = conclude(&ended(thresholds, &seconds), false);
        assert_eq!((verdict.conclusion, &*verdict.reason), (conclusion, reason), "{thresholds} {seconds:?}");
    }
}

#[test]
fn requests_without_a_response_were_sent() {
    let idle = Activity::default();
    for (thresholds, conclusion, reason) in [
        ("[]", Conclusion::RequestsFailed, "no request got a response"),
        ("[p95 < 1s]", Conclusion::Undecided, "no request got a response"),
        ("[p95 < 1s, fail_ratio < 1%]", Conclusion::Undecided, "no request got a response"),
        ("[requests == 0]", Conclusion::Passed, "requests == 0 was met, and no request got a response"),
    ] {
        let mut last = ended(thresholds, std::slice::from_ref(&idle));
        last.aborted = 2;
        let verdict = conclude(&last, false);
        assert_eq!((verdict.conclusion, &*verdict.reason), (conclusion, reason), "{thresholds}");
    }
    // Nor does a scenario whose errors come before its requests send none without a reason.
    let errors = ended("[p95 < 1s]", &[Activity { exceptions: 1, ..idle }]);
    assert_eq!(conclude(&errors, false).reason, "the scenario raised 1 error");
}

#[test]
fn run_that_ends_in_its_warm_up_has_measured_nothing() {
    let stopped = "the run ended in its warm-up, and nothing was measured";
    for thresholds in ["[]", "[requests >= 10, max < 1s]", "[requests == 0]"] {
        let mut feed = Feed::new("", thresholds);
        feed.warm_up();
        (0..3).for_each(|_| drop(feed.second(&failing())));
        let last = feed.end();
        let verdict = conclude(&last, true);
        assert_eq!((verdict.conclusion, &*verdict.reason), (Conclusion::Undecided, stopped), "{thresholds}");
        assert_eq!((last.total.total.requests, last.plan.left_out, last.series.iter().count()), (0, 300, 0));
        assert!(last.failures.rows.is_empty() && last.endpoints.iter().all(|row| row.total.requests == 0));
        let judged = last.judgements.iter().map(|judgement| &judgement.judged);
        assert!(
            judged.clone().all(|judged| *judged == Judged::CannotTell("nothing was measured".into())),
            "{judged:?}"
        );
    }
    // A later warm-up takes nothing away.
    let mut feed = Feed::new("", "[]");
    feed.second(&steady(5, 5));
    feed.warm_up();
    feed.second(&failing());
    let last = feed.end();
    assert_eq!((last.total.total.requests, &*conclude(&last, true).reason), (5, "no request failed"));
    // Nor does one that ended without a request after it.
    let mut feed = Feed::new("", "[]");
    feed.warm_up();
    feed.second(&failing());
    feed.end_warm_up();
    assert_eq!(conclude(&feed.end(), true).reason, "no requests were measured after the warm-up");
}

#[test]
fn short_overload_does_not_make_a_run_invalid() {
    for (red, of, invalid) in [(9, 20, false), (10, 20, true), (10, 100, true), (10, 101, false), (20, 201, false)] {
        let mut snapshot = ended("[]", &[steady(5, 5)]);
        (snapshot.health.red, snapshot.measured) = (Duration::from_secs(red), Duration::from_secs(of));
        snapshot.health.red_why = Some("timers fire late".into());
        let verdict = conclude(&snapshot, false);
        assert_eq!(verdict.conclusion == Conclusion::Invalid, invalid, "{red} of {of}");
        if invalid {
            let of = crate::units::plain(Duration::from_secs(of));
            let words = format!("the load generator was the bottleneck for {red}s of {of}: timers fire late");
            assert_eq!(verdict.reason, words);
        }
    }
}
