//! When a threshold is evaluated (whole run, window, stage, after a warm-up or reset), and when it fails.

use std::time::Duration;

use super::feed::{Activity, Feed, plan, steady};
use crate::scenario::{Overrides, Scenario, estimate};
use crate::stats::snapshot::{Judged, Judgement};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn fast() -> Activity {
    steady(100, 10)
}

fn slow() -> Activity {
    steady(100, 500)
}

/// h: passes, v: violated, X: failed, ?: cannot tell.
fn letter(judgement: &Judgement) -> char {
    match judgement.judged {
        Judged::Passes => 'h',
        Judged::Violated => 'v',
        Judged::Failed => 'X',
        Judged::CannotTell(_) => '?',
    }
}

/// State of a threshold after each second: `f` is a fast second, `s` a slow one, `-` one without requests, `.` the end
/// of the run.
fn states(threshold: &str, seconds: &str) -> (String, Judgement) {
    let mut feed = Feed::new("", &format!("[{threshold}]"));
    let states = seconds.chars().map(|second| {
        let snapshot = match second {
            'f' => feed.second(&fast()),
            's' => feed.second(&slow()),
            '.' => feed.end(),
            _ => feed.second(&Activity::default()),
        };
        letter(&snapshot.judgements[0])
    });
    let states = states.collect();
    (states, feed.judge.judgements()[0].clone())
}

#[test]
fn when_a_threshold_fails() {
    for (threshold, seconds, expected) in [
        // Whole run: a violation can be compensated until the end.
        ("p95 < 100ms", "ffsf.", "hhvvX"),
        ("p50 < 100ms", "sffff.", "vhhhhh"),
        ("p50 < 100ms", "--f.", "??hh"),
        // Window: evaluated only when full; a failure is final.
        ("{ check: p50 < 100ms, over: 3s }", "sfff.", "??hhh"),
        ("{ check: p50 < 100ms, over: 3s }", "sffssff.", "??hhXXXX"),
        ("{ check: p50 < 100ms, over: 3s }", "ff.", "???"),
        ("{ check: p50 < 100ms, over: 3s }", "fff---.", "??hhh?h"),
        ("{ check: requests > 150, over: 2s }", "fff-ff.", "?hhXXXX"),
        // `for`: fails only after failing for that long; a passing second starts again.
        ("{ check: p50 < 100ms, for: 2s }", "fffsssss.", "hhhhhhvXX"),
        ("{ check: max < 100ms, for: 3s }", "fsff.", "hvvXX"),
        ("{ check: max < 100ms, over: 1s, for: 2s }", "fsfsfss.", "hvhvhvXX"),
        ("{ check: max < 100ms, over: 1s, for: 2s }", "fs-s.", "hv?XX"),
        // At the end it has failed or not: what never failed for that long passes.
        ("{ check: max < 100ms, over: 1s, for: 3s }", "ffss.", "hhvvh"),
        ("{ check: p50 < 100ms, for: 3s }", "ss.", "vv?"),
        ("{ check: p50 < 100ms, for: 3s }", "ff.", "hhh"),
        // With `abort` it fails before the end.
        ("{ check: max < 100ms, abort: true }", "ffs.", "hhXX"),
        ("{ check: max < 100ms, warn: true }", "ffs.", "hhvX"),
    ] {
        let (states, judgement) = states(threshold, seconds);
        assert_eq!(states, expected, "{threshold}: {judgement:?}");
    }
}

#[test]
fn compliance_and_the_first_failure() {
    for (threshold, seconds, compliance, first) in [
        ("max < 100ms", "fffs", (3, 4), Some(4)),
        ("max < 100ms", "ff", (2, 2), None),
        ("{ check: max < 100ms, over: 1s, for: 10s }", "fsfs-f", (3, 5), None),
        ("{ check: max < 100ms, over: 1s, for: 2s }", "fssss", (1, 5), Some(3)),
        ("{ check: max < 100ms, over: 2s }", "ffffsf", (3, 5), Some(5)),
    ] {
        let (_, judgement) = states(threshold, seconds);
        let (held, judged) = compliance;
        assert_eq!(judgement.compliance, (secs(held), secs(judged)), "{threshold} {seconds}");
        assert_eq!(judgement.first_failed, first.map(secs), "{threshold} {seconds}");
    }
}

#[test]
fn window_reports_its_worst_moment_at_the_end() {
    let (_, judgement) = states("{ check: max < 100ms, over: 1s, for: 9s }", "fsff.");
    let why = Judged::CannotTell("less than 9s were measured".into());
    assert_eq!((judgement.value.as_deref(), judgement.judged), (Some("500ms"), why));
}

#[test]
fn window_contains_exactly_its_last_seconds() {
    let mut feed = Feed::new("", "[{ check: max < 1s, over: 5s }, { check: requests < 9999, over: 5s }]");
    for second in 1..=30_u64 {
        feed.second(&steady(second as usize, second * 10));
        let judgements = feed.judge.judgements();
        let values = [0, 1].map(|at: usize| judgements[at].value.as_deref().map(str::to_owned));
        let (slowest, sum): (u64, u64) = (second * 10, (second.saturating_sub(4)..=second).sum());
        let expected = (second >= 5).then(|| [format!("{slowest}ms"), sum.to_string()]);
        assert_eq!(values, expected.map_or([None, None], |values| values.map(Some)), "{second}");
    }
    // Lower values: the old maximum leaves the window.
    feed.seconds(5, &steady(1, 20));
    assert_eq!(feed.judge.judgements()[0].value.as_deref(), Some("20ms"));
}

#[test]
fn long_window_slides_in_larger_steps() {
    // 601 parts of one second exceed the limit: the window slides by two seconds.
    let mut feed = Feed::new("", "[{ check: requests < 9999, over: 601s }]");
    let judged = feed.seconds(600, &steady(1, 1)).remove(0);
    assert_eq!(letter(&judged), '?');
    for _ in 0..100 {
        let judged = feed.seconds(1, &steady(1, 1)).remove(0);
        let found: u64 = judged.value.unwrap().parse().unwrap();
        assert!((601..=603).contains(&found), "{found}");
    }
}

const STAGES: &str =
    "shape: { stages: [{ name: up, duration: 2s, users: 1 }, { name: hold, duration: 3s, users: 1 }] }";

#[test]
fn stage_is_evaluated_alone_and_at_its_end() {
    let staged = |activity: Activity, stage| Activity { stage: Some(stage), ..activity };
    let mut feed = Feed::new(
        STAGES,
        "[{ check: max < 100ms, stage: up }, { check: max < 100ms, stage: hold }, { check: max < 100ms, stage: hold, over: 2s }]",
    );
    let mut all = String::new();
    for (second, stage) in [(fast(), 0), (slow(), 0), (fast(), 1), (fast(), 1), (fast(), 1)] {
        feed.second(&staged(second, stage));
        all.extend(feed.judge.judgements().iter().map(letter));
        all.push(' ');
    }
    assert_eq!(all, "h?? v?? Xh? Xhh Xhh ");
    let last = feed.end();
    assert_eq!(last.judgements.iter().map(letter).collect::<String>(), "Xhh");
    let mut short = Feed::new(STAGES, "[{ check: max < 100ms, stage: hold }]");
    short.second(&staged(fast(), 0));
    let begun = Judged::CannotTell("stage hold has not begun".into());
    assert_eq!(short.judge.judgements()[0].judged, begun);
    assert_eq!(short.end().judgements[0].judged, Judged::CannotTell("stage hold was not reached".into()));
}

#[test]
fn stages_that_are_not_evaluated_are_named() {
    let text = "host: http://h
shape: { stages: [{ name: warm, duration: 2s, users: 1, warm_up: true }, { name: up, duration: 2s, users: 1 }, { name: late, duration: 2s, users: 1 }] }
tasks: [{ steps: [{ get: / }] }]
thresholds: [{ check: max < 1s, stage: late }, { check: max < 1s, stage: warm }]
";
    let scenario = Scenario::parse("t.yaml", text).unwrap();
    let overrides = Overrides { run_time: Some(Some(Duration::from_secs(4))), ..Overrides::default() };
    let plan = scenario.plan(&overrides).unwrap();
    let remarks = estimate::remarks(&plan).join("\n");
    for why in ["the run ends before its stage late", "its stage warm is a warm-up"] {
        assert!(remarks.contains(&format!("`max < 1s` cannot be evaluated: {why}")), "{remarks}");
    }
    let mut feed = Feed::of(&plan);
    feed.second(&Activity { stage: Some(1), ..fast() });
    let last = feed.end();
    let found: Vec<_> = last.judgements.iter().map(|one| (&*one.words, one.judged.clone())).collect();
    let unknown = |why: &str| Judged::CannotTell(why.into());
    assert_eq!(
        found,
        [
            ("max < 1s, in stage late", unknown("stage late was not reached")),
            ("max < 1s, in stage warm", unknown("stage warm is a warm-up, which is not evaluated")),
        ]
    );
}

#[test]
fn warm_up_is_not_evaluated() {
    let mut feed = Feed::new("", "[max < 100ms, requests < 250, { check: max < 100ms, over: 2s }]");
    feed.warm_up();
    let warm = feed.seconds(5, &slow());
    assert!(warm.iter().all(|judgement| letter(judgement) == '?' && judgement.compliance.1.is_zero()), "{warm:?}");
    feed.end_warm_up();
    let counted = feed.seconds(2, &fast());
    assert_eq!(counted.iter().map(letter).collect::<String>(), "hhh");
    assert_eq!(counted[1].value.as_deref(), Some("200"));
    // A second warm-up: earlier results stay.
    feed.warm_up();
    let still = feed.seconds(3, &slow());
    assert_eq!(still, counted);
    feed.end_warm_up();
    assert_eq!(feed.seconds(1, &fast())[1].value.as_deref(), Some("300"));
}

#[test]
fn reset_discards_earlier_data() {
    let thresholds = "[max < 100ms, { check: max < 100ms, over: 2s }]";
    let mut feed = Feed::new("", thresholds);
    feed.seconds(3, &slow());
    assert_eq!(feed.judge.judgements().iter().map(letter).collect::<String>(), "vX");
    feed.reset();
    let judged = feed.seconds(2, &fast());
    assert_eq!(judged.iter().map(letter).collect::<String>(), "hh");
    assert_eq!((judged[0].compliance, judged[0].first_failed), ((secs(2), secs(2)), None));
}

#[test]
fn server_disconnections_are_counted_only_in_counted_seconds() {
    let check = "redis.server.output_buffer_disconnections";
    let steps = "{ get: / }, { publish: c, payload: x }";
    let mut feed = Feed::of(&plan(&format!(
        "host: http://h\nredis: {{ url: 'redis://h' }}\ntasks: [{{ steps: [{steps}] }}]\n\
         thresholds: [{check} <= 5, {{ check: {check} <= 5, over: 2s }}]\n"
    )));
    feed.warm_up();
    feed.second(&Activity { cuts: Some(100), ..fast() });
    feed.end_warm_up();
    let mut values = Vec::new();
    for cuts in [Some(100), Some(103), None, None, Some(104)] {
        feed.second(&Activity { cuts, ..fast() });
        values.push([0, 1].map(|at: usize| feed.judge.judgements()[at].value.as_deref().map(str::to_owned)));
    }
    let words = |a: &str, b: Option<&str>| [Some(a.to_owned()), b.map(str::to_owned)];
    let expected =
        [words("0", None), words("3", Some("3")), words("3", Some("3")), words("3", Some("0")), words("4", Some("1"))];
    assert_eq!(values, expected);
    // Disconnections after the users have left count too.
    feed.aggregator
        .server_left(crate::stats::server::ServerFigures { output_buffer_cuts: Some(110), ..Default::default() });
    let last = feed.end();
    assert_eq!((last.judgements[0].value.as_deref(), letter(&last.judgements[0])), (Some("10"), 'X'));
}
