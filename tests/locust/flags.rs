//! Flags and variables with Locust's meaning.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::command::{err, katydid, out, rows};
use crate::common::Server;

/// A run, of one second unless the arguments have another time.
fn ran(folder: &Path, server: &Server, args: &[&str]) -> Output {
    let text = format!(
        "host: {}\nusers: 2\nspawn_rate: 9\ntasks:\n  - {{ name: a, weight: 3, steps: [{{ get: /ok }}] }}\n  - {{ name: b, \
         steps: [{{ get: /fail }}] }}\n",
        server.url()
    );
    fs::write(folder.join("run.yaml"), text).expect("a file");
    let time: &[&str] = if args.contains(&"-t") { &[] } else { &["-t", "1s"] };
    katydid(folder, &[&["-f", "run.yaml", "--headless"], time, args].concat()).output().expect("a run")
}

fn array(text: &str) -> Vec<Value> {
    match serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}")) {
        Value::Array(array) => array,
        other => panic!("{other}"),
    }
}

#[test]
fn json_is_all_that_is_on_standard_output() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = ran(folder.path(), &server, &["--json", "--csv", "x"]);
    let array = array(&out(&output));
    assert!(err(&output).contains("Aggregated") && err(&output).contains("wrote x_stats.csv"), "{}", err(&output));
    let stats = rows(folder.path().join("x_stats.csv"));
    assert_eq!(array.len(), 2, "{array:?}");
    for entry in &array {
        let row = stats.iter().find(|row| row["Name"] == entry["name"].as_str().expect("a name")).expect("its row");
        assert_eq!(entry["method"], "GET");
        assert_eq!(entry["num_requests"].to_string(), row["Request Count"]);
        assert_eq!(entry["num_failures"].to_string(), row["Failure Count"]);
        let sum = |key: &str| -> u64 {
            entry[key].as_object().expect("a map").values().map(|n| n.as_u64().expect("a count")).sum()
        };
        let requests = entry["num_requests"].as_u64().expect("a count");
        assert_eq!((sum("response_times"), sum("num_reqs_per_sec")), (requests, requests));
        assert_eq!(sum("num_fail_per_sec"), entry["num_failures"].as_u64().expect("a count"));
        for key in
            ["min_response_time", "max_response_time", "total_response_time", "start_time", "last_request_timestamp"]
        {
            assert!(entry[key].as_f64().is_some_and(|n| n > 0.0), "{key}: {entry}");
        }
        let keys: Vec<&String> = entry.as_object().expect("an object").keys().collect();
        assert_eq!(keys.len(), 14, "{keys:?}");
    }
}

#[test]
fn a_json_file_replaces_the_final_tables() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = ran(folder.path(), &server, &["--json-file", "deep/result", "--only-summary"]);
    assert_eq!(array(&fs::read_to_string(folder.path().join("deep/result.json")).expect("a file")).len(), 2);
    let text = out(&output);
    assert!(text.ends_with("wrote deep/result.json\n") && !text.contains("Aggregated"), "{text}");
    fs::create_dir(folder.path().join("taken.json")).expect("a folder");
    let output = ran(folder.path(), &server, &["--json-file", "taken"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
}

#[test]
fn names_of_files_have_the_load_in_them() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let places = ["--html", "out/r-{u}-{r}-{t}.html", "--markdown", "{u}.md", "--csv", "x-{u}"];
    let output = ran(folder.path(), &server, &[&places[..], &["-u", "3", "-r", "1.5", "-t", "2s"]].concat());
    // The prefix of the CSV files is taken as it is: they are written before the run has its figures.
    for file in ["out/r-3-1.5-2.html", "3.md", "x-{u}_stats.csv"] {
        assert!(folder.path().join(file).is_file(), "{file}: {}", err(&output) + &out(&output));
        assert!(out(&output).contains(&format!("wrote {file}")), "{file}: {}", out(&output));
    }
}

#[test]
fn statistics_are_reset_when_the_ramp_is_complete() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["-u", "4", "-r", "2", "-t", "4s", "--only-summary", "--csv", "x"];
    for (more, is_all) in [(&[][..], true), (&["--reset-stats"], false)] {
        let before = server.count();
        ran(folder.path(), &server, &[&args, more].concat());
        let counted: u64 =
            rows(folder.path().join("x_stats.csv")).last().expect("a row")["Request Count"].parse().expect("a count");
        assert_eq!(counted == server.count() - before, is_all, "{counted} of {}", server.count() - before);
        assert!(counted > 0);
    }
}

#[test]
fn the_log_has_the_steps_of_the_run_and_goes_where_it_is_sent() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let steps = [
        "Starting katydid ",
        "Run time limit set to 1s",
        "Ramp complete: 2 users",
        "Run time limit reached",
        "Shutting down (exit code 1)",
    ];
    let text = err(&ran(folder.path(), &server, &[]));
    for step in steps {
        let line = text.lines().find(|line| line.contains(step)).unwrap_or_else(|| panic!("{step}: {text}"));
        let (time, rest) = line.split_once("] ").expect("a time");
        assert!(time.starts_with("[20") && time.len() == 24 && rest.contains("/INFO/katydid: "), "{line}");
    }
    let text = err(&ran(folder.path(), &server, &["-L", "warning"]));
    assert!(steps.iter().all(|step| !text.contains(step)), "{text}");
    let text = err(&ran(folder.path(), &server, &["--logfile", "logs/run.log"]));
    let log = fs::read_to_string(folder.path().join("logs/run.log")).expect("a log");
    assert!(steps.iter().all(|step| log.contains(step) && !text.contains(step)), "{log}{text}");
    let output = ran(folder.path(), &server, &["--loglevel", "loud"]);
    assert!(output.status.code() == Some(2) && err(&output).contains("DEBUG, INFO"), "{}", err(&output));
}

#[test]
fn locusts_variables_and_files_are_named_when_they_count() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("locust.conf"), "# mine\nusers = 3\nonly-summary = true\n").expect("a file");
    let text = err(&ran(folder.path(), &server, &["--only-summary"]));
    assert!(text.contains("locust.conf is not read by itself: --config locust.conf reads it"), "{text}");
    assert!(!text.contains("Locust's variables"), "{text}");
    let shown = |command: &mut std::process::Command| out(&command.output().expect("the settings"));
    let config = shown(&mut katydid(folder.path(), &["--config", "locust.conf", "config"]));
    assert!(config.lines().any(|line| line.starts_with("users ") && line.contains('3')), "{config}");
    let mut command = katydid(folder.path(), &["-f", "run.yaml", "--headless", "-t", "300ms"]);
    let output = command.env("LOCUST_USERS", "2").env("LOCUST_ONLY_SUMMARY", "true").output().expect("a run");
    let words = "settings are taken from Locust's variables: LOCUST_USERS, LOCUST_ONLY_SUMMARY\n";
    assert_eq!(err(&output).matches(words).count(), 1, "{}", err(&output));
}

#[test]
fn classes_and_tasks_are_listed_without_a_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(out(&ran(folder.path(), &server, &["--list"])), "Available Users:\n    User\n");
    let text = out(&ran(folder.path(), &server, &["--show-task-ratio"]));
    assert!(text.contains(" 100.0      User\n   75.0       a\n   25.0       b\n"), "{text}");
    let text = out(&ran(folder.path(), &server, &["--show-task-ratio-json", "--equal-weights"]));
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["total"]["User"]["tasks"]["b"]["ratio"], 0.5);
    assert_eq!(server.count(), 0);
}

#[test]
fn what_katydid_does_not_have_is_refused_with_what_to_do_instead() {
    let folder = tempfile::tempdir().expect("a folder");
    for (args, words) in [
        (&["--master"][..], "one process uses all cores"),
        (&["--web-port", "8090"], "the screen is in the terminal"),
        (&["--class-picker"], "--classes"),
        (&["--headless", "--autoquit", "3"], "--autoquit needs --autostart"),
    ] {
        let output = katydid(folder.path(), args).output().expect("a refusal");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains(words) && err(&output).lines().count() == 1, "{args:?}: {}", err(&output));
    }
    let output = katydid(folder.path(), &["--processes", "-1", "config"]).output().expect("settings");
    assert!(output.status.success(), "{}", err(&output));
}
