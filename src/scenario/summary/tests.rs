use super::*;
use crate::scenario::{Overrides, Scenario};

#[test]
fn classes_that_too_few_users_are_left_for_are_named() {
    let classes = "redis: { url: redis://h }\nuser_classes:\n  \
                   Early: { fixed_count: 3, start: before_others, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                   Fixed: { fixed_count: 2, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                   Rest: { tasks: [{ steps: [{ redis: PING }] }] }\n";
    let arrivals = |most: u32| format!("run_time: 1s\narrivals: {{ rate: 5/s, max_users: {most} }}\n");
    for (load, expected) in [
        ("users: 6\n".to_owned(), None),
        ("users: 5\n".to_owned(), Some("5 users are too few for every class: Rest has nobody")),
        (
            "users: 1\n".to_owned(),
            Some("1 user is too few for every class: Early has 1 of 3, Fixed has none of 2, Rest has nobody"),
        ),
        (arrivals(4), None),
        (arrivals(3), Some("3 users are too few for every class: Fixed has nobody, Rest has nobody")),
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
fn an_estimate_is_an_upper_bound() {
    let run = "host: http://h\nusers: 10\nspawn_rate: 100000\nrun_time: 100s\nwait_time: constant(10s)\n";
    let open = "host: http://h\nrun_time: 10s\narrivals: { rate: 5, max_users: 20 }\n";
    let shape = "host: http://h\nwait_time: constant(10s)\nshape: { stages: [{ duration: 10s, users: 4, spawn_rate: 100000 }, \
                 { duration: 10s, users: 1, spawn_rate: 100000 }, { duration: 10s, users: 4, spawn_rate: 100000 }] }\n";
    for (load, steps, requests, loops) in [
        // Each user begins a task at once, and ten more.
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
        // The second user comes after a second, and has nine for its tasks.
        (
            "host: http://h\nusers: 2\nspawn_rate: 1\nrun_time: 10s\nwait_time: constant(1s)\n",
            "tasks: [{ steps: [{ get: / }] }]",
            21.0,
            false,
        ),
        // Three of the four stop, and three others begin.
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
    assert!(text.contains("! 20 users are asked for, but the classes have 3 by fixed_count: 3 run"), "{text}");
}

#[test]
fn a_plan_is_told_in_the_right_words() {
    let text = words(&planned(
        "host: http://h\nshape: { stages: [{ name: a, duration: 10s, rate: 5 }], max_users: 7 }\nflows: { f: [{ post: /x }] }\n\
         tasks: [{ tags: t, steps: [{ get: /a }, { graphql: 'query Q { a }' }, { call: f }] }]\nthresholds:\n\
         - { check: p95 < 400, on: GET /a, stage: a, over: 10s, for: 5s, abort: true }\n\
         - { check: p95 < 1s and rps > 5, on: { operation: Q }, warn: true }\n\
         - { check: mean < 2m, on: { tags: t } }\n",
    ));
    for wanted in [
        "at most 7 users at the peak, at most about 75 requests, at most 0.02 VU-hours",
        "p95 < 400s, of GET /a, in stage a, over the last 10s at any time, fails when it has not held for 5s, a failure stops the run",
        "p95 < 1s and rps > 5, of QUERY Q, a failure is only said",
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
        ["  1 stage, 10s", "searches from 10 to 200 users, 45s each, as long as this holds: p95 < 1s", "! a search"]
    {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}
