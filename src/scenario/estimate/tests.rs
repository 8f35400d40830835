use super::*;
use crate::scenario::{Overrides, Scenario, SelectOptions};

#[test]
fn classes_with_too_few_users_are_reported() {
    let classes = "redis: { url: redis://h }\nuser_classes:\n  \
                   Early: { fixed_count: 3, start: before_others, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                   Fixed: { fixed_count: 2, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                   Rest: { tasks: [{ steps: [{ redis: PING }] }] }\n";
    let arrivals = |most: u32| format!("run_time: 1s\narrivals: {{ rate: 5/s, max_users: {most} }}\n");
    for (load, expected) in [
        ("users: 6\n".to_owned(), None),
        ("users: 5\n".to_owned(), Some("5 users are too few for every class: Rest has no users")),
        (
            "users: 1\n".to_owned(),
            Some("1 user is too few for every class: Early has 1 of 3, Fixed has none of 2, Rest has no users"),
        ),
        (arrivals(4), None),
        (arrivals(3), Some("3 users are too few for every class: Fixed has no users, Rest has no users")),
    ] {
        let scenario = Scenario::parse("t.yaml", &(load.clone() + classes)).unwrap();
        let found = understaffed(&scenario.plan(&Overrides::default()).unwrap());
        assert_eq!(found.as_deref(), expected, "{load}");
    }
}

fn planned(text: &str) -> Plan {
    Scenario::parse("t.yaml", text).unwrap_or_else(|e| panic!("{e}")).plan(&Overrides::default()).unwrap()
}

#[test]
fn estimate_is_an_upper_bound() {
    let run = "host: http://h\nusers: 10\nspawn_rate: 100000\nrun_time: 100s\nwait_time: constant(10s)\n";
    let open = "host: http://h\nrun_time: 10s\narrivals: { rate: 5, max_users: 20 }\n";
    let shape = "host: http://h\nwait_time: constant(10s)\nshape: { stages: [{ duration: 10s, users: 4, spawn_rate: 100000 }, \
                 { duration: 10s, users: 1, spawn_rate: 100000 }, { duration: 10s, users: 4, spawn_rate: 100000 }] }\n";
    for (load, steps, requests, loops) in [
        // Each user starts one task immediately, and ten more.
        (run, "tasks: [{ steps: [{ get: / }] }]", 110.0, false),
        (
            run,
            "tasks: [{ steps: [{ get: /, when: user.id > 1 }, { if: user.id > 1, then: [{ get: / }] }] }]",
            220.0,
            false,
        ),
        (
            run,
            "tasks: [{ steps: [{ if: user.id > 1, then: [{ get: / }], else: [{ repeat: 3, steps: [{ get: / }] }] }] }]",
            330.0,
            false,
        ),
        // A pause that may be left out bounds nothing.
        (
            run,
            "tasks: [{ steps: [{ get: / }, { if: user.id > 1, then: [{ wait: 40s }] }, { wait: 40s, when: user.id > 1 }] }]",
            110.0,
            false,
        ),
        (run, "tasks: [{ steps: [{ get: / }, { wait: 40s }] }]", 30.0, false),
        (
            run,
            "on_start: [{ repeat: 100, steps: [{ get: / }] }]\non_stop: [{ get: / }]\ntasks: [{ steps: [{ log: a }] }]",
            1_010.0,
            false,
        ),
        (run, "tasks: [{ steps: [{ while: user.id > 1, steps: [{ get: / }] }] }]", 110.0, true),
        (run, "tasks: [{ weight: 0, steps: [{ get: / }] }, { steps: [{ log: a }] }]\nsequential: true", 0.0, false),
        (open, "tasks: [{ steps: [{ get: / }, { get: / }] }]", 100.0, false),
        (open, "on_start: [{ get: / }]\ntasks: [{ steps: [{ get: / }] }]", 70.0, false),
        // The second user starts after a second, and has nine for its tasks.
        (
            "host: http://h\nusers: 2\nspawn_rate: 1\nrun_time: 10s\nwait_time: constant(1s)\n",
            "tasks: [{ steps: [{ get: / }] }]",
            21.0,
            false,
        ),
        // Three of the four stop, and three others start.
        (shape, "on_start: [{ get: / }]\ntasks: [{ steps: [{ log: a }] }]", 7.0, false),
    ] {
        let found = estimate(&planned(&format!("{load}{steps}\n")));
        let near = found.requests.is_some_and(|n| (n - requests).abs() < 0.1);
        assert!(near && found.loops == loops, "{load}{steps}\n{found:?}");
    }
}

#[test]
fn users_without_a_class_are_not_counted() {
    let plan = planned(
        "host: http://h\nusers: 20\nspawn_rate: 100000\nrun_time: 1h\n\
         user_classes: { A: { fixed_count: 3, wait_time: constant(1s), tasks: [{ steps: [{ get: / }] }] } }\n",
    );
    let found = estimate(&plan);
    assert_eq!((found.peak_users, found.vu_hours.map(f64::round)), (3, Some(3.0)), "{found:?}");
    assert!(found.requests.is_some_and(|n| (n - 10_803.0).abs() < 0.1), "{found:?}");
    let text = words(&plan);
    assert!(text.contains("! 20 users are requested, but the classes have 3 by fixed_count: 3 run"), "{text}");
}

#[test]
fn plan_description() {
    let text = words(&planned(
        "host: http://h\nshape: { stages: [{ name: a, duration: 10s, rate: 5 }], max_users: 7 }\nflows: { f: [{ post: /x }] }\n\
         tasks: [{ tags: t, steps: [{ get: /a }, { graphql: 'query Q { a }' }, { call: f }] }]\nthresholds:\n\
         - { check: p95 < 400, on: GET /a, stage: a, over: 10s, for: 5s, abort: true }\n\
         - { check: p95 < 1s and rps > 5, on: { operation: Q }, warn: true }\n\
         - { check: mean < 2m, on: { tags: t } }\n",
    ));
    for wanted in [
        "at most 7 users at the peak, at most about 75 requests, at most 0.02 VU-hours",
        "p95 < 400s, of GET /a, in stage a, over the last 10s at any time, fails after not passing for 5s, a failure stops the run",
        "p95 < 1s and rps > 5, of QUERY Q, a failure is only reported",
        "mean < 2m, of requests with the tag t",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let plan = planned(
        "host: http://h\nshape: { stages: [{ duration: 10s, users: 5 }] }\ntasks: [{ steps: [{ get: / }] }]\n\
         search: { vary: users, from: 10, to: 200, hold: 45s, until: p95 < 1s }\n",
    );
    let text = words(&plan);
    for wanted in
        ["  1 stage, 10s", "searches from 10 to 200 users, 45s each, while this passes: p95 < 1s", "! search is"]
    {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

/// Plan of a file with flags, and its description.
fn flagged(text: &str, overrides: Overrides) -> (Plan, String) {
    let plan = Scenario::parse("t.yaml", text).unwrap_or_else(|e| panic!("{e}")).plan(&overrides).unwrap();
    let text = words(&plan);
    (plan, text)
}

fn lasting(seconds: f64) -> Overrides {
    Overrides { run_time: Some(Some(Duration::from_secs_f64(seconds))), ..Overrides::default() }
}

const TASKS: &str = "host: http://h\nwait_time: constant(10s)\ntasks: [{ steps: [{ get: / }] }]\n";

#[test]
fn shorter_run_time_cuts_stages_without_compressing_them() {
    let stages =
        format!("{TASKS}shape: {{ stages: [{{ duration: 1m, users: 20 }}, {{ duration: 4m, users: 200 }}] }}\n");
    let (whole, _) = flagged(&stages, Overrides::default());
    for (seconds, peak) in [(30.0, 10), (60.0, 20), (61.0, 21), (120.0, 65), (180.0, 110), (299.9, 200)] {
        let (plan, text) = flagged(&stages, lasting(seconds));
        assert_eq!(plan.schedule.length(), Some(Duration::from_secs_f64(seconds)));
        // The number of users is the same as without the flag.
        for t in (0..(seconds * 10.0) as u32).map(|tenths| Duration::from_millis(100) * tenths) {
            assert_eq!(plan.schedule.users_at(t), whole.schedule.users_at(t), "{seconds}: at {t:?}");
        }
        let found = estimate(&plan);
        assert_eq!(
            (found.peak_users, plan.load.users.0, plan.schedule.peak_users().0),
            (peak, peak, peak),
            "{seconds}"
        );
        assert!(text.contains(&format!("{} at the peak", users(peak))), "{text}");
        assert!(text.contains("; it ends with ") == (peak != 20 && peak != 200), "{text}");
    }
    // 20 × 30 s, and 20 to 65 in a minute.
    let (plan, _) = flagged(&stages, lasting(120.0));
    let seconds = estimate(&plan).vu_hours.unwrap() * 3_600.0;
    assert!((seconds - (600.0 + 42.5 * 60.0)).abs() < 1e-6, "{seconds}");
    let (longer, text) = flagged(&stages, lasting(600.0));
    for (t, expected) in [(299, 200), (300, 200), (301, 200), (599, 200)] {
        assert_eq!(longer.schedule.users_at(Duration::from_secs(t)).0, expected, "at {t}");
    }
    assert_eq!(longer.schedule.users_at(Duration::from_secs(120)).0, 66, "the way stays as long");
    assert!(text.contains("stage 2: 9m to 200 users evenly within 4m"), "{text}");
    let (endless, _) = flagged(&stages, Overrides { run_time: Some(None), ..Overrides::default() });
    assert_eq!([120, 10_000].map(|t| endless.schedule.users_at(Duration::from_secs(t)).0), [66, 200]);
}

#[test]
fn longer_run_time_keeps_the_last_level() {
    // 2 a second for 10 s are 20 of the 100, and in the other 5/s of the 50/s.
    let slow = format!("{TASKS}shape: {{ stages: [{{ duration: 10s, users: 100, spawn_rate: 2 }}] }}\n");
    let (plan, _) = flagged(&slow, lasting(60.0));
    assert_eq!([5, 9, 10, 30, 59].map(|t| plan.schedule.users_at(Duration::from_secs(t)).0), [11, 19, 20, 20, 20]);
    let down = format!(
        "{TASKS}shape: {{ stages: [{{ duration: 10s, users: 9 }}, {{ duration: 3s, users: 0, spawn_rate: 1 }}] }}\n"
    );
    let (plan, _) = flagged(&down, lasting(60.0));
    let last = flagged(&down, Overrides::default()).0.schedule.users_at(Duration::from_micros(12_999_999)).0;
    assert_eq!([13, 30].map(|t| plan.schedule.users_at(Duration::from_secs(t)).0), [last, last]);
    let rates = format!(
        "{TASKS}arrivals: {{ max_users: 9, stages: [{{ duration: 10s, rate: 10 }}, {{ duration: 10s, rate: 50, ramp: 40s }}] }}\n"
    );
    let (plan, text) = flagged(&rates, lasting(60.0));
    assert_eq!(
        [5, 10, 15, 20, 59].map(|t| plan.schedule.rate_at(Duration::from_secs(t))),
        [5.0, 10.0, 15.0, 20.0, 20.0]
    );
    assert!(text.contains("; it ends with 20/s") || !text.contains("ends with"), "{text}");
    let (plan, text) = flagged(&rates, lasting(15.0));
    assert_eq!(plan.schedule.arrivals_by(Duration::from_secs(15)), 50.0 + 62.5);
    assert!(text.contains("; it ends with 15/s"), "{text}");
    // So does the key of the file.
    let keyed = format!("run_time: 15s\n{rates}");
    let (plan, _) = flagged(&keyed, Overrides::default());
    assert_eq!(
        (plan.schedule.length(), plan.load.run_time),
        (Some(Duration::from_secs(15)), Some(Duration::from_secs(15)))
    );
    assert_eq!(plan.schedule.rate_at(Duration::from_millis(14_999)).round(), 15.0);
    // A rate without stages has no length: its ramp continues.
    let plain = format!("{TASKS}run_time: 10s\narrivals: {{ rate: 40/s, ramp: 20s }}\n");
    let (plan, _) = flagged(&plain, lasting(60.0));
    assert_eq!([10, 20, 40].map(|t| plan.schedule.rate_at(Duration::from_secs(t))), [20.0, 40.0, 40.0]);
}

#[test]
fn flags_that_replace_a_shape_or_have_no_effect_are_reported() {
    let stages = format!("{TASKS}shape: {{ stages: [{{ duration: 1m, users: 20 }}] }}\n");
    let open = format!("{}run_time: 9s\narrivals: {{ rate: 5/s }}\n", TASKS.replace("wait_time: constant(10s)\n", ""));
    let plain = format!("{TASKS}users: 5\n");
    let replace =
        |what: &str, n: &str| Some(format!("the given {what} the stages of the file: {n} started per second"));
    for (text, n, rate, expected) in [
        (&stages, Some(50), None, replace("number of users replaces", "50 users, 1")),
        (&stages, None, Some(5.0), replace("spawn rate replaces", "20 users, 5")),
        (&stages, Some(1), Some(5.0), replace("number of users and spawn rate replace", "1 user, 5")),
        (&stages, None, None, None),
        (&open, Some(9), None, None),
        (
            &open,
            Some(9),
            Some(2.0),
            Some(
                "the given spawn rate has no effect: the arrival rate in the file determines when users start"
                    .to_owned(),
            ),
        ),
        (&plain, Some(9), Some(2.0), None),
    ] {
        let (n, rate) = (n.map(units::Users), rate.map(PerSecond));
        let (plan, text) = flagged(text, Overrides { users: n, spawn_rate: rate, ..Overrides::default() });
        assert_eq!(remarks(&plan), expected.iter().cloned().collect::<Vec<_>>());
        assert!(expected.is_none_or(|words| text.contains(&format!("! {words}"))), "{text}");
    }
}

#[test]
fn classes_without_users_are_reported_with_weights() {
    let class = |name: &str, more: &str| format!("  {name}: {{ {more}tasks: [{{ steps: [{{ get: / }}] }}] }}\n");
    let text = format!(
        "host: http://h\nuser_classes:\n{}{}{}{}",
        class("A", "weight: 5, "),
        class("B", ""),
        class("C", ""),
        class("None", "weight: 0, ")
    );
    for (n, expected) in [
        (1, Some("1 user is too few for every class: B has no users, C has no users")),
        (2, Some("2 users are too few for every class: B has no users, C has no users")),
        (6, Some("6 users are too few for every class: C has no users")),
        (7, None),
        (1_000_000, None),
    ] {
        let (plan, text) = flagged(&text, Overrides { users: Some(units::Users(n)), ..Overrides::default() });
        assert_eq!(understaffed(&plan).as_deref(), expected, "{n}");
        assert!(expected.is_none_or(|words| text.contains(words)), "{text}");
    }
}

#[test]
fn run_that_is_all_warm_up_is_an_error() {
    let base = "host: http://h\ntasks: [{ steps: [{ get: / }] }]\n";
    let stage = |warm: bool| {
        format!(
            "shape: {{ stages: [{{ duration: 30s, users: 2, warm_up: {warm} }}, {{ duration: 30s, users: 2 }}] }}\n"
        )
    };
    for (load, run_time, is_error) in [
        ("run_time: 1m\nwarm_up: 10s\n".to_owned(), None, false),
        ("run_time: 1m\nwarm_up: 10s\n".to_owned(), Some(11.0), false),
        ("run_time: 1m\nwarm_up: 10s\n".to_owned(), Some(10.0), true),
        ("warm_up: 10s\n".to_owned(), Some(5.0), true),
        ("warm_up: 10s\n".to_owned(), None, false),
        ("warm_up: 10s\nrun_time: 20s\narrivals: { rate: 5 }\n".to_owned(), Some(9.0), true),
        (stage(true), None, false),
        (stage(true), Some(30.0), true),
        (stage(true), Some(31.0), false),
        (format!("warm_up: 30s\n{}", stage(false)), Some(20.0), true),
        (format!("warm_up: 45s\n{}", stage(true)), Some(50.0), false),
        (format!("warm_up: 45s\n{}", stage(true)), Some(40.0), true),
    ] {
        let scenario = Scenario::parse("t.yaml", &format!("{base}{load}")).unwrap_or_else(|e| panic!("{e}"));
        let plan = scenario.plan(&run_time.map(lasting).unwrap_or_default());
        assert_eq!(plan.is_err(), is_error, "{load} {run_time:?}");
        assert!(plan.err().is_none_or(|error| error.text.contains("nothing would be counted")), "{load}");
    }
    // The error has a position unless a flag sets the length.
    let shape = "shape: { stages: [{ duration: 3s, users: 1 }] }\nwarm_up: 5s\n";
    let profile = "run_time: 3s\nwarm_up: 5s\nprofiles: { p: { run_time: 2m } }\n";
    for load in ["run_time: 3s\nwarm_up: 5s\n", shape, profile] {
        let scenario = Scenario::parse("t.yaml", &format!("{base}{load}")).unwrap_or_else(|e| panic!("{e}"));
        let error = scenario.plan(&Overrides::default()).unwrap_err().text;
        let words = "the warm-up is not shorter than the run of 3s: nothing would be counted";
        assert!(error.contains(words) && error.contains("t.yaml:"), "{error}");
        assert!(scenario.plan(&lasting(9.0)).is_ok(), "{load}");
        let error = scenario.plan(&lasting(4.0)).unwrap_err().text;
        assert!(error.contains("all of the run of 4s is warm-up") && !error.contains("3s"), "{error}");
    }
    let scenario = Scenario::parse("t.yaml", &format!("{base}{profile}")).unwrap_or_else(|e| panic!("{e}"));
    let of_profile = SelectOptions { profile: Some("p".to_owned()), ..SelectOptions::default() };
    assert!(scenario.select(&of_profile).unwrap().plan(&Overrides::default()).is_ok());
    let text = format!("{base}warm_up: 5s\nprofiles: {{ p: {{ run_time: 3s }} }}\n");
    let scenario = Scenario::parse("t.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
    assert!(scenario.warnings().contains("the profile `p`"), "{}", scenario.warnings());
    let all = format!("{base}shape: {{ stages: [{{ duration: 1m, users: 1, warm_up: true }}] }}\n");
    assert!(Scenario::parse("t.yaml", &all).unwrap_err().text.contains("every stage is a warm-up"));
}

#[test]
fn names_with_line_breaks_stay_on_their_lines() {
    let plan = planned(
        "name: \"a\\nb\"\nhost: http://h\nusers: 1\nrun_time: 1s\nthresholds: [{ check: p95 < 1s, on: \"x\\ny\" }]\n\
         tasks: [{ name: \"c\\nd\", tags: [\"e\\nf\"], steps: [{ get: /, name: \"x\\ny\" }] }]\n",
    );
    let words = words(&plan);
    for line in
        ["a b against http://h", "    1x c d [e f]: 1 step", "    GET     x y", "  threshold: p95 < 1s, of GET x y"]
    {
        assert!(words.lines().any(|found| found == line), "{line}: {words}");
    }
    assert!(!words.contains("\\n") && words.lines().all(|line| !line.is_empty()), "{words}");
}

#[test]
fn thresholds_without_measurements_are_named() {
    let http = "host: http://h\nusers: 1\nrun_time: 1m\ntasks: [{ steps: [{ get: / }] }]\n";
    let redis = "redis: { url: redis://h }\nusers: 1\nrun_time: 1m\ntasks: [{ steps: [{ publish: c }] }]\n";
    let subscribed = "redis: { url: redis://h }\nusers: 1\nrun_time: 1m\ntasks: [{ steps: [{ subscribe: c, measure: delivery }, { publish: c }] }]\n";
    let lost = Some("no subscription of this run measures deliveries");
    let due = Some("nothing in this run has a due time; `arrivals` and constant_pacing do");
    for (text, threshold, why) in [
        (http, "lost_ratio < 1%", lost),
        (redis, "lost_ratio < 1%", lost),
        (redis, "redis.lost_ratio < 1%", lost),
        (http, "p95 < 1s and lost_ratio < 1%", lost),
        (subscribed, "lost_ratio < 1%", None),
        (subscribed, "redis.delivery.p95 < 1s", None),
        (http, "generator.schedule_delay.p99 < 10ms", due),
        (&format!("{http}wait_time: constant_throughput(2)\n"), "generator.schedule_delay.p99 < 10ms", None),
        (&format!("{http}arrivals: {{ rate: 5 }}\n"), "generator.schedule_delay.p99 < 10ms", None),
        (http, "dropped == 0", None),
        (http, "generator.cpu < 80%", None),
        (http, "http.p95 < 1s", None),
    ] {
        let text = text.replace("users: 1\n", if text.contains("arrivals") { "" } else { "users: 1\n" });
        let plan = planned(&format!("{text}thresholds: ['{threshold}']\n"));
        let found: Vec<String> = thresholds::unmeasured(&plan).collect();
        let line = text.lines().count() + 1;
        let expected = why.map(|why| format!("t.yaml:{line}: `{threshold}` cannot be evaluated: {why}"));
        assert_eq!(found, Vec::from_iter(expected.clone()), "{threshold}");
        assert!(expected.is_none_or(|expected| words(&plan).contains(&expected) && remarks(&plan).contains(&expected)));
    }
}
