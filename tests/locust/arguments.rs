//! The command lines that a Locust user has run unchanged but for the name.

use crate::command::{err, katydid, out};
use crate::common::Server;

fn shipped(name: &str) -> String {
    format!("{}/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// Each with its own load, which `check` shows, and then for a short time.
#[test]
fn the_usual_command_lines_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, line, plan) in [
        ("basic", "--users 10 --spawn-rate 2 --run-time 2m", "10 users, 2 started per second, 2m"),
        ("graphql", "--users 20 --spawn-rate 2 --run-time 5m", "20 users, 2 started per second, 5m"),
        ("basic", "--users 50 --spawn-rate 5 --run-time 2h", "50 users, 5 started per second, 2h"),
    ] {
        let file = shipped(name);
        let host = format!("--host={}", server.url());
        let load: Vec<&str> = line.split(' ').collect();
        let output = katydid(folder.path(), &[&["check", &file, &host], &load[..]].concat()).output().expect("a check");
        assert!(out(&output).contains(plan), "{line}: {}{}", out(&output), err(&output));
        let files: &[&str] =
            if line.contains("50") { &["--html=results/full.html", "--csv=results/full"] } else { &[] };
        let mut short = load.clone();
        let last = short.len() - 1;
        short[last] = "1500ms";
        let args = [&["-f", &file, &host], &short[..], &["--headless"], files].concat();
        let output = katydid(folder.path(), &args).output().expect("a run");
        assert!(out(&output).contains("Aggregated"), "{line}: {}", out(&output));
    }
    for name in ["full.html", "full_stats_history.csv"] {
        assert!(folder.path().join("results").join(name).exists(), "{name}");
    }
}

#[test]
fn twenty_users_of_the_redis_scenario_are_subscribers_and_publishers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = shipped("redis-pubsub");
    let load = ["--host=redis://127.0.0.1:1", "--users", "20", "--spawn-rate", "2", "--run-time", "5m"];
    let output = katydid(folder.path(), &[&["check", &file], &load[..]].concat()).output().expect("a check");
    let text = out(&output);
    assert!(output.status.success() && text.contains("20 users, 2 started per second, 5m"), "{text}");
    assert!(text.contains("Subscriber: weight 4") && !text.contains("too few"), "{text}");
    let ratio = katydid(folder.path(), &["-f", &file, "-u", "20", "--show-task-ratio"]).output().expect("ratios");
    let text = out(&ratio);
    assert!(text.contains(" 80.0       Subscriber") && text.contains(" 20.0       Publisher"), "{text}");
}

#[test]
fn words_and_repeated_options_mean_what_they_mean_to_locust() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let text = "users: 4\nspawn_rate: 100\nrun_time: 10m\nuser_classes:\n\
        \x20 A: { tasks: [{ name: r, tags: [read], steps: [{ get: /ok, name: /a }, { wait: 50ms }] }, { name: w, tags: [write], steps: [{ get: /ok, name: /w }] }] }\n\
        \x20 B: { tasks: [{ name: x, tags: [other], steps: [{ get: /ok, name: /b }, { wait: 50ms }] }] }\n";
    std::fs::write(folder.path().join("s.yaml"), text).expect("a file");
    let (url, late) = (server.url(), ["--headless", "-t", "1m", "--only-summary", "-t", "600ms"]);
    let run = |args: &[&str]| katydid(folder.path(), &[args, &late[..]].concat()).output().expect("a run");
    for (args, there, missing) in [
        (&["-f", "s.yaml", &url, "--tags", "read", "other"][..], &["/a", "/b"][..], &["/w"][..]),
        (&["-f", "s.yaml", &url, "--tags", "read,other"], &["/a", "/b"], &["/w"]),
        (&["-f", "s.yaml", "-H", &url, "B"], &["/b"], &["/a", "/w"]),
        (&["A", "-f", "s.yaml", &url, "-E", "write", "other"], &["/a"], &["/w", "/b"]),
    ] {
        let output = run(args);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {text}{}", err(&output));
        assert!(there.iter().all(|path| text.contains(&format!("GET      {path} "))), "{args:?}: {text}");
        assert!(missing.iter().all(|path| !text.contains(&format!("GET      {path} "))), "{args:?}: {text}");
    }
    for (args, words) in [
        (&["A"][..], "\"A\" is no command, and a user class needs a scenario file (-f FILE)"),
        (&["chekc", "s.yaml"], "did you mean `katydid check`?"),
        (&["-f", "s.yaml", &url, "http://127.0.0.1:1"], "more than one base URL is given"),
        (&["-f", "s.yaml", &url, "-u", "0"], "expected at least 1 user"),
        (&["-f", "s.yaml", &url, "-t", "0"], "expected a time above 0"),
        (&["-f", "s.yaml", &url, "C"], "C"),
    ] {
        let output = run(args);
        assert!(output.status.code() == Some(2) && err(&output).contains(words), "{args:?}: {}", err(&output));
    }
    let mut command = katydid(folder.path(), &["-f", "s.yaml", &url, "--headless", "-t", "300ms"]);
    let output = command.env("LOCUST_MODE_WORKER", "true").output().expect("a run");
    assert!(err(&output).contains("LOCUST_MODE_WORKER of Locust has no effect: one process"), "{}", err(&output));
}

#[test]
fn quick_list_and_validate_do_what_their_names_say() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("host: {}\nusers: 3\ntasks: [{{ steps: [{{ get: /ok }}, {{ wait: 1s }}] }}]\n", server.url());
    std::fs::write(folder.path().join("own.yaml"), text).expect("a file");
    let output = katydid(folder.path(), &["quick", "own.yaml", "-t", "1s"]).output().expect("a run");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("Ramping to 10 users at a rate of 2 per second"), "{}", err(&output));
    for name in ["stats", "stats_history", "failures", "exceptions"] {
        assert!(folder.path().join(format!("results/stats_{name}.csv")).exists(), "{name}");
    }
    assert!(folder.path().join("results/report.html").exists());
    let list = out(&katydid(folder.path(), &["list"]).output().expect("a list"));
    for words in ["basic ", "One page of the demo shop", "redis-pubsub"] {
        assert!(list.contains(words), "{list}");
    }
    let output = katydid(folder.path(), &["validate", "own.yaml"]).output().expect("a check");
    assert!(output.status.success() && out(&output).contains("3 users"), "{}", out(&output));
}
