//! The scenario language at run time: steps, data, classes, stages and arrivals, against a server that counts requests.

#[path = "engine_language/captures.rs"]
mod captures;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "engine_language/leaving.rs"]
mod leaving;
#[path = "engine_language/load.rs"]
mod load;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::wait::end_of;
use common::{Server, run, stop, until};
use katydid::engine::{self, Command, EngineError, EngineOptions, RunHandle};
use katydid::scenario::{Overrides, Scenario};
use katydid::stats::Snapshot;
use katydid::stats::snapshot::{End, RunState};

/// The log lines, in order.
fn log_lines(snapshot: &Snapshot) -> Vec<String> {
    assert_eq!(snapshot.log.dropped, 0);
    snapshot.log.lines.iter().map(|line| line.text.to_string()).collect()
}

async fn to_the_end(mut handle: RunHandle) -> Arc<Snapshot> {
    end_of("an end of its own", handle.finished()).await
}

fn events(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.events.iter().map(|event| &*event.text).collect()
}

#[tokio::test]
async fn all_steps_work() {
    let server = Server::start();
    let handle = run(
        &server,
        r#"
vars: { word: x }
flows:
  greet:
    - log: "hello {{ who }}"
    - { when: who == 'b', log: "only {{ who }}" }
on_start: [{ log: start }]
on_stop: [{ repeat: 2, steps: [{ wait: 1ms }, { log: bye }] }]
tasks:
  - name: all
    steps:
      - set: { n: 2, m: "{{ n + 1 }}" }
      - repeat: "{{ n }}"
        as: i
        steps: [{ log: "pass {{ i }}" }]
      - repeat: 2
        steps: [{ get: /ok }]
      - for_each: [a, b]
        as: item
        steps: [{ call: greet, with: { who: "{{ item }}" } }]
      - while: n > 0
        steps: [{ set: { n: "{{ n - 1 }}" } }, { log: "n {{ n }}" }]
      - while: m == 3
        limit: 2
        steps: [{ log: again }]
      - if: m == 3
        then: [{ log: then }]
        else: [{ log: else }]
      - { when: m == 4, log: never }
      - log: "{{ [1][m] }}"
      - { when: "[1][m]", log: never }
      - log: last
      - stop: run
      - log: never
"#,
    );
    let last = to_the_end(handle).await;
    assert_eq!(last.state, RunState::Done(End::Stopped));
    assert_eq!(
        log_lines(&last),
        [
            "start", "pass 0", "pass 1", "hello a", "hello b", "only b", "n 1", "n 0", "again", "again", "then",
            "last", "bye", "bye"
        ]
    );
    assert_eq!((last.total.total.requests, server.count()), (2, 2));
    let places: Vec<_> = last.exceptions.iter().map(|row| (&*row.place, row.count)).collect();
    assert_eq!(places, [("User, all, while", 1), ("User, all, log", 1), ("User, all, when", 1)]);
    assert!(last.exceptions[0].message.contains("after 2 passes"), "{}", last.exceptions[0].message);
    assert!(events(&last).contains(&"stopped by a step of the scenario"));
}

#[tokio::test]
async fn captures_are_set_even_if_expectations_fail() {
    let server = Server::start();
    let handle = run(
        &server,
        r#"
tasks:
  - steps:
      - { get: /ok, name: slow, expect: { time: < 1us }, capture: { a: { status: true } } }
      - { get: /ok, name: missing, capture: { x: "header: X-None", b: { status: true }, y: "cookie: none" } }
      - { get: /ok, name: refused, expect: { status: 404 }, capture: { c: { status: true } } }
      - log: "{{ a }} {{ b }} {{ c | default('nothing') }}"
      - stop: run
"#,
    );
    let last = to_the_end(handle).await;
    assert_eq!(log_lines(&last), ["200 200 nothing"]);
    let reason = |name: &str| last.failures.rows.iter().find(|row| &*row.name == name).unwrap();
    assert_eq!(&*reason("slow").reason, "expected time < 1us");
    assert_eq!(&*reason("missing").reason, "nothing to capture for x: header X-None");
    let detail = &reason("missing").example.as_ref().unwrap().detail;
    assert!(detail.contains("x: header X-None: ") && detail.contains("\ny: cookie none: "), "{detail}");
}

#[tokio::test]
async fn stop_steps_end_what_they_name() {
    let server = Server::start();
    // Users 1 and 2 stop in their third iteration, 3 and 4 in the second; they are not replaced.
    let handle = run(
        &server,
        r#"
users: 4
spawn_rate: 1000
on_stop: [{ log: "bye {{ user.id }}" }]
tasks:
  - steps:
      - log: "{{ user.id }}: {{ iteration }}"
      - { when: iteration == 0, stop: task }
      - if: user.id > 2 or iteration == 2
        then: [{ repeat: 3, steps: [{ stop: user }] }]
      - log: "{{ user.id }} goes on"
"#,
    );
    let last = to_the_end(handle).await;
    assert_eq!(last.state, RunState::Done(End::Completed));
    let mut lines = log_lines(&last);
    lines.sort();
    assert_eq!(
        lines,
        [
            "1 goes on",
            "1: 0",
            "1: 1",
            "1: 2",
            "2 goes on",
            "2: 0",
            "2: 1",
            "2: 2",
            "3: 0",
            "3: 1",
            "4: 0",
            "4: 1",
            "bye 1",
            "bye 2",
            "bye 3",
            "bye 4"
        ]
    );
    assert!(events(&last).contains(&"every user has stopped"));
}

#[tokio::test]
async fn steps_without_requests_stop_at_once() {
    let server = Server::start();
    for steps in [
        "- { while: 1 == 1, limit: 1000000, steps: [{ set: { a: 1 } }] }",
        "- { repeat: 1000000, steps: [{ repeat: 1000000, steps: [{ when: 1 == 2, get: /ok }] }] }",
        "- { repeat: 1000000, steps: [{ wait: 1h }] }",
        "- wait: 1h",
    ] {
        let handle =
            run(&server, &format!("users: 20\nspawn_rate: 1000\nstop_timeout: 10s\ntasks:\n  - steps:\n      {steps}"));
        until(&handle, "20 users", |s| s.load.users == 20).await;
        let before = Instant::now();
        let last = stop(handle).await;
        // Half of the time after which they would have been aborted.
        assert!(before.elapsed() < Duration::from_secs(5), "{steps}: {:?}", before.elapsed());
        assert!(last.exceptions.is_empty(), "{steps}: {:?}", last.exceptions);
    }
}

#[tokio::test]
async fn a_pause_extends_waits() {
    let server = Server::start();
    let handle = run(&server, "tasks: [{ steps: [{ log: a }, { wait: 600ms }, { log: b }, { stop: run }] }]");
    until(&handle, "the first line", |s| s.log.total == 1).await;
    handle.send(Command::Pause).expect("a live run");
    let held = until(&handle, "paused", |s| s.state == RunState::Paused).await;
    let later = until(&handle, "six snapshots more", |s| s.seq >= held.seq + 6).await;
    assert_eq!(log_lines(&later), ["a"]);
    handle.send(Command::Resume).expect("a live run");
    assert_eq!(log_lines(&*to_the_end(handle).await), ["a", "b"]);
}

/// Runs a scenario next to a data file with this many rows.
fn with_rows(server: &Server, rows: usize, scenario: &str) -> (RunHandle, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a folder");
    let text = (0..rows).fold("n\n".to_owned(), |text, n| format!("{text}{n}\n"));
    std::fs::write(dir.path().join("rows.csv"), text).expect("a data file");
    let path = dir.path().join("test.yaml");
    std::fs::write(&path, scenario).expect("a scenario");
    let overrides = Overrides { host: Some(server.url()), ..Overrides::default() };
    let plan = Scenario::load(&path).and_then(|scenario| scenario.plan(&overrides)).unwrap_or_else(|e| panic!("{e}"));
    (engine::start(Arc::new(plan), EngineOptions { threads: 2, seed: 7 }).expect("an engine"), dir)
}

#[tokio::test]
async fn rows_are_assigned_per_user_or_iteration() {
    let server = Server::start();
    let head = "users: 5\nspawn_rate: 1000\ntasks:\n  - steps: [{ log: \"{{ user.id }} {{ d.n }}\" }, ";
    let bind_user = format!("{head} {{ stop: user }}]\ndata: {{ d: {{ file: rows.csv, bind: user }} }}");
    let (handle, _dir) = with_rows(&server, 3, &bind_user);
    let lines: BTreeSet<String> = log_lines(&*to_the_end(handle).await).into_iter().collect();
    assert_eq!(lines, ["1 0", "2 1", "3 2", "4 0", "5 1"].map(str::to_owned).into());

    for order in ["sequential", "shuffle"] {
        let data = format!("data: {{ d: {{ file: rows.csv, bind: iteration, order: {order}, on_end: stop }} }}");
        let (handle, _dir) = with_rows(&server, 40, &format!("{head} {{ wait: 60ms }}]\n{data}"));
        let last = to_the_end(handle).await;
        let mut rows: Vec<usize> =
            log_lines(&last).iter().filter_map(|line| line.split(' ').nth(1)?.parse().ok()).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..40).collect::<Vec<_>>(), "{order}: every row once");
        assert_eq!(last.state, RunState::Done(End::Completed), "{order}");
    }
}

#[tokio::test]
async fn equal_seeds_give_equal_rows() {
    let server = Server::start();
    for order in ["random", "shuffle"] {
        let text = format!(
            "users: 4\nspawn_rate: 1000\ndata: {{ d: {{ file: rows.csv, order: {order} }} }}\n\
             tasks: [{{ steps: [{{ log: \"{{{{ user.id }}}} {{{{ d.n }}}}\" }}, {{ stop: user }}] }}]"
        );
        let mut runs = Vec::new();
        for _ in 0..2 {
            let (handle, _dir) = with_rows(&server, 1_000, &text);
            runs.push(log_lines(&*to_the_end(handle).await).into_iter().collect::<BTreeSet<_>>());
        }
        assert_eq!(runs[0], runs[1], "{order}");
        assert_eq!(runs[0].len(), 4);
    }
}

#[tokio::test]
async fn sequential_tasks_and_classes_run_in_order() {
    let server = Server::start();
    let handle = run(
        &server,
        r#"
users: 6
spawn_rate: 1000
user_classes:
  Late:
    on_start: [{ log: late }]
    sequential: true
    tasks:
      - { weight: 0, steps: [{ log: one }] }
      - { weight: 9, steps: [{ log: two }] }
      - { steps: [{ log: three }, { stop: user }] }
  Early:
    fixed_count: 3
    start: before_others
    on_start: [{ wait: 300ms }, { log: early }]
    tasks: [{ steps: [{ wait: 1h }] }]
"#,
    );
    let seen = until(&handle, "all of it", |s| s.log.total >= 12).await;
    let lines = log_lines(&seen);
    assert_eq!(lines[..3], ["early"; 3], "{lines:?}");
    // Weight 0 never runs, even in sequential order.
    for (word, times) in [("late", 3), ("one", 0), ("two", 3), ("three", 3)] {
        assert_eq!(lines[3..].iter().filter(|line| *line == word).count(), times, "{lines:?}");
    }
    assert!(events(&seen).iter().any(|text| text.contains("the others start")));
    stop(handle).await;
}

#[test]
fn unsupported_scenarios_are_rejected_with_a_reason() {
    let text = "host: http://127.0.0.1:1\n\
                search: { vary: users, from: 1, to: 9, hold: 1s, until: p95 < 1s }\n\
                tasks: [{ steps: [{ get: / }] }]";
    let plan =
        Scenario::parse("t.yaml", text).and_then(|s| s.plan(&Overrides::default())).unwrap_or_else(|e| panic!("{e}"));
    match engine::start(Arc::new(plan), EngineOptions { threads: 1, seed: 1 }) {
        Err(EngineError::NotRunnable(why)) => assert!(why.contains("search is not supported yet"), "{why}"),
        other => panic!("{:?}", other.map(|_| ())),
    }
}
