//! A server that accepts connections and never responds: every protocol that waits for a response says so while it
//! waits, and the end names it before all figures.

use std::net::TcpListener;
use std::process::Child;

use crate::command::{Ran, err, out, prepared};

/// A run of five seconds, of which nothing is waited for at the end.
fn started(scenario: &str, flags: &str) -> (Child, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = format!("-u 1 -r 10 -t 5s -s 0s {flags}");
    let child = prepared(folder.path(), scenario, &flags).spawn().expect("the command runs");
    (child, folder)
}

#[test]
fn a_target_that_never_responds_is_named_first_whatever_the_protocol() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let place = listener.local_addr().expect("an address");
    let http = format!("host: http://{place}\n");
    let redis = format!("redis: {{ url: redis://{place} }}\n");
    let runs: Vec<_> = [
        (&http, "tasks: [{ steps: [{ get: / }] }]"),
        (&http, "defaults: { http_version: 2 }\ntasks: [{ steps: [{ post: /, body: x }] }]"),
        (&http, "tasks: [{ steps: [{ graphql: 'query Q { a }' }] }]"),
        (&http, "tasks: [{ steps: [{ graphql: 'subscription S { a }' }] }]"),
        (&redis, "tasks: [{ steps: [{ publish: c }] }]"),
        (&redis, "tasks: [{ steps: [{ redis: [GET, k] }] }]"),
        (&redis, "tasks: [{ steps: [{ subscribe: [c] }] }]"),
    ]
    .into_iter()
    // A time-out must not end the wait before the run does.
    .map(|(target, tasks)| (tasks, started(&format!("{target}{tasks}"), "")))
    .collect();
    for (tasks, (child, folder)) in runs {
        let ran = Ran::of(child.wait_with_output().expect("its output"), folder);
        let (said, warned) = (out(&ran.output), err(&ran.output));
        assert_eq!(ran.output.status.code(), Some(1), "{tasks}: {said}{warned}");
        let [verdict, finding] = [0, 1].map(|line| said.lines().nth(line).unwrap_or_default());
        assert!(verdict.starts_with(" ✗ failed: "), "{tasks}: {said}{warned}");
        assert!(finding.starts_with(" ✗ TARGET NOT RESPONDING: "), "{tasks}: {said}{warned}");
        assert!(warned.contains("HANGING: 1 in flight, the oldest for "), "{tasks}: {said}{warned}");
    }
}
