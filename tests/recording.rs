//! Runs are recorded however they end: normally, by `kill -9`, or on a full disk.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use katydid::store::{self, State};

use command::{Ran, err, katydid, out};
use common::calm::calmly;
use common::{Server, wait};

/// The limit of 1.5 s, minus the second that may be missing.
const STALL: Duration = Duration::from_millis(200);

/// The single run in a folder.
fn only(runs: &Path) -> PathBuf {
    let all = store::folder::all(runs).expect("a folder of runs");
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().expect("one run")
}

#[test]
fn runs_are_recorded_unless_disabled() {
    let server = Server::start();
    let scenario =
        &format!("host: {}\nusers: 3\nspawn_rate: 100\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n", server.url());
    let runs = tempfile::tempdir().expect("a folder");
    let dir = runs.path().display();
    let ran = Ran::new(scenario, &format!("-t 1500ms --no-record --runs-dir {dir}"));
    assert_eq!((store::folder::all(runs.path()).expect("a folder").len(), ran.output.status.code()), (0, Some(0)));

    let ran = Ran::new(scenario, &format!("-t 1500ms --runs-dir {dir}"));
    let run = store::read(&only(runs.path())).expect("a run");
    let total = ran.row("Aggregated");
    assert_eq!(total["Request Count"], run.last.total.total.requests.to_string());
    assert_eq!(run.state, State::Ended);
    assert!(run.meta.text.contains("get: /ok") && run.meta.arguments.iter().any(|word| word == "--runs-dir"));
    assert_eq!(run.meta.rows, [("GET".to_owned(), "/ok".to_owned())]);

    // A file is in the way: the run is not affected.
    let file = runs.path().join("file");
    fs::write(&file, "").expect("a file");
    let ran = Ran::new(scenario, &format!("-t 1s --runs-dir {}/below", file.display()));
    assert_eq!(ran.output.status.code(), Some(0), "{}", err(&ran.output));
    assert_eq!(err(&ran.output).matches("the run is not recorded: ").count(), 1, "{}", err(&ran.output));
}

#[test]
fn arguments_that_are_not_utf_8_are_recorded_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = OsStr::from_bytes(b"s\xff.yaml");
    let server = Server::start();
    let text = format!("host: {}\nrun_time: 1s\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n", server.url());
    fs::write(folder.path().join(name), text).expect("a scenario");
    let output =
        katydid(folder.path(), &["--headless", "--only-summary", "--runs-dir", "runs", "-f"]).arg(name).output();
    let output = output.expect("a run");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let run = store::read(&only(&folder.path().join("runs"))).expect("a run");
    assert!(run.meta.arguments.contains(&"s\u{fffd}.yaml".to_owned()), "{:?}", run.meta.arguments);
}

#[test]
fn an_example_of_a_failure_has_its_request_in_every_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = "host: demo\ntasks: [{ steps: [
      { post: '/nothing?page=2', headers: { X-Trace: abc, Authorization: Bearer t0ken }, json: { name: Ada } },
      { graphql: 'query Broken($q: String) { nothing(q: $q) }', variables: { q: lamp } } ] }]\n";
    fs::write(folder.path().join("s.yaml"), scenario).expect("a scenario");
    let flags = "--headless -f s.yaml -u 3 -r 100 -t 1500ms --runs-dir runs --html r.html --md r.md";
    let output = katydid(folder.path(), &flags.split(' ').collect::<Vec<_>>()).output().expect("a run");
    let run = only(&folder.path().join("runs"));
    let stored = store::read(&run).expect("a run");
    let request = |name: &str| {
        let row = stored.last.failures.rows.iter().find(|row| &*row.name == name).expect("a failure");
        row.example.as_ref().and_then(|example| example.request.clone()).expect("a request")
    };
    let post = request("/nothing?page=2");
    assert!(post.line.starts_with("POST http://") && post.line.ends_with("/nothing?page=2"), "{post:?}");
    assert!(post.headers.contains("x-trace: abc\nauthorization: Bearer ***\n"), "{post:?}");
    assert_eq!(post.body, r#"{"name":"Ada"}"#);
    let broken = request("Broken");
    assert_eq!(
        broken.body,
        "query Broken($q: String) { nothing(q: $q) }\n\nvariables: {\"q\":\"lamp\"}",
        "{}",
        err(&output)
    );
    let read = |path: PathBuf| fs::read_to_string(path).expect("a file");
    for file in [run.join("failures.jsonl"), folder.path().join("r.html"), folder.path().join("r.md")] {
        let text = read(file.clone());
        for sent in ["/nothing?page=2", "x-trace: abc", "Bearer ***", "nothing(q: $q)", "variables: "] {
            assert!(text.contains(sent) || text.contains(&sent.replace('/', "&#x2f;")), "{}: {sent}", file.display());
        }
    }
}

#[test]
fn recorded_files_contain_no_secrets() {
    let runs = tempfile::tempdir().expect("a folder");
    let scenario = "host: demo\nsecrets: [TOKEN]\ntasks: [{ steps: [{ get: '/nothing?token={{ env.TOKEN }}', \
                    headers: { Authorization: 'Bearer {{ env.TOKEN }}' }, expect: { status: 200 } }] }]\n";
    let flags = format!("-u 2 -r 100 -t 1500ms --runs-dir {}", runs.path().display());
    let ran = Ran::with(scenario, &flags, |command| {
        command.env("TOKEN", "S3cretT0ken");
    });
    assert_eq!(ran.output.status.code(), Some(1), "{}", out(&ran.output));
    let folder = only(runs.path());
    assert!(fs::read_to_string(folder.join("failures.jsonl")).expect("a file").contains("404"));
    for entry in fs::read_dir(&folder).expect("a folder").flatten() {
        let bytes = fs::read(entry.path()).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("S3cretT0ken"), "{:?}", entry.path());
    }
}

#[test]
fn a_full_disk_does_not_affect_the_load() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let load = "users: 3\nspawn_rate: 100\nrun_time: 3s\ntasks: [{ steps: [{ get: /ok }] }]\n";
    let text = format!("host: {}\n{load}", server.url());
    fs::write(folder.path().join("s.yaml"), text).expect("a scenario");
    let run = katydid(folder.path(), &["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs"]);
    // A file size limit of 4 KiB simulates a full disk.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
    let variables = run.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = limited.current_dir(folder.path()).envs(variables).output().expect("a run");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let said = err(&output);
    assert_eq!(said.matches("the run cannot be recorded for now: ").count(), 1, "{said}");
    assert_eq!(said.matches("the run was not recorded whole: ").count(), 1, "{said}");
    // It ended, and was not killed; what was measured is counted all the same.
    let list = katydid(folder.path(), &["runs", "--json", "--runs-dir", "runs"]).output().expect("a list");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let run = &list[0];
    assert_eq!((&run["verdict"], &run["state"]), (&"passed".into(), &"ended".into()), "{run}");
    assert!(run["incomplete"].is_string() && run["requests"].as_u64() > Some(0), "{run}");
    assert!(run["vu_hours"].as_f64() > Some(0.0), "{run}");
    let report = katydid(folder.path(), &["report", "latest", "--runs-dir", "runs"]).output().expect("a report");
    let said = format!("{}{}", out(&report), err(&report));
    assert!(said.contains("incomplete") || said.contains("it could not be written"), "{said}");
    assert!(!said.contains("killed") && !said.contains("cut short"), "{said}");
    // Whole lines only.
    for file in ["series.jsonl", "events.jsonl"] {
        let text = fs::read_to_string(only(&folder.path().join("runs")).join(file)).expect("a file");
        assert!(text.is_empty() || text.ends_with('\n'), "{file}: {text:?}");
    }
}

#[test]
fn a_run_that_was_not_recorded_whole_has_the_code_and_the_totals_of_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    // The margins of these make long lines, and a snapshot that the limit does not leave room for.
    let thresholds = vec!["p95 < 9s"; 40].join(", ");
    let load = "users: 3\nspawn_rate: 100\nrun_time: 5s\ntasks: [{ steps: [{ get: /ok }, { wait: 5ms }] }]\n";
    let text = format!("host: {}\nthresholds: [{thresholds}]\n{load}", server.url());
    fs::write(folder.path().join("s.yaml"), text).expect("a scenario");
    let args = ["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs", "--html", "r.html"];
    let run = katydid(folder.path(), &args);
    // The limit leaves room for some seconds, and for no report.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 6; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
    let variables = run.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = limited.current_dir(folder.path()).envs(variables).output().expect("a run");
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let path = only(&folder.path().join("runs"));
    let outcome = store::read_meta(&path).expect("its metadata").outcome.expect("its outcome");
    assert_eq!((outcome.code, &*outcome.verdict), (1, "passed"), "{}", err(&output));
    assert_eq!(outcome.totals.requests, server.count());
    let run = store::read(&path).expect("what is left");
    assert!(run.seconds.len() < 5 && run.meta.incomplete.is_some(), "{:?}", run.gaps);
    let total = &run.last.total.total;
    assert_eq!((run.last.load.vu_hours, total.requests), (outcome.totals.vu_hours, outcome.totals.requests));
    assert!(
        run.gaps.iter().any(|gap| gap.starts_with("rows, response times and charts end at 00:0")),
        "{:?}",
        run.gaps
    );
    // The closing summary has the same.
    let hours =
        out(&output).lines().find_map(|line| Some(line.split_once(" VU-hours")?.0.to_owned())).expect("VU-hours");
    let report = katydid(folder.path(), &["report", "latest", "--runs-dir", "runs"]).output().expect("a report");
    assert!(out(&report).contains(&format!(" {hours} VU-hours")), "{hours}: {}", out(&report));
}

/// A run of four seconds with a disk that is full from the start, or rather with a limit of 0 bytes for files.
fn without_room(folder: &Path, server: &Server) -> Command {
    let load = "users: 3\nspawn_rate: 100\nrun_time: 4s\ntasks: [{ steps: [{ get: /ok }, { wait: 5ms }] }]\n";
    fs::write(folder.join("s.yaml"), format!("host: {}\n{load}", server.url())).expect("a scenario");
    let run = katydid(folder, &["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -S -f 0; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
    limited.env_clear().envs(run.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(folder);
    limited
}

#[test]
fn a_disk_that_is_full_at_the_start_is_tried_again() {
    let (folder, server) = (tempfile::tempdir().expect("a folder"), Server::start());
    let mut child = without_room(folder.path(), &server).stderr(Stdio::piped()).spawn().expect("a run");
    let mut said = BufReader::new(child.stderr.take().expect("its errors")).lines();
    let full = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("the run cannot be recorded for now: ")));
    assert!(full.is_some(), "the message is printed");
    let raised = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &child.id().to_string()]).status();
    assert!(raised.expect("prlimit runs").success());
    let rest: Vec<String> = said.map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("its end").code(), Some(0), "{rest:?}");
    let run = store::read(&only(&folder.path().join("runs"))).expect("a run");
    assert_eq!((run.state, run.meta.incomplete.as_deref()), (State::Ended, None), "{rest:?}");
    assert_eq!(run.last.total.total.requests, server.count());
    assert!(fs::metadata(only(&folder.path().join("runs")).join("intervals.hlog")).expect("a file").len() > 1_000);
}

#[test]
fn a_disk_that_stays_full_leaves_no_run() {
    let (folder, server) = (tempfile::tempdir().expect("a folder"), Server::start());
    let output = without_room(folder.path(), &server).output().expect("a run");
    let said = err(&output);
    assert_eq!(said.matches("the run was not recorded whole: ").count(), 1, "{said}");
    assert_eq!(fs::read_dir(folder.path().join("runs")).expect("a folder").count(), 0, "{said}");
    assert!(out(&output).contains("passed"), "the figures are printed: {}", out(&output));
}

#[tokio::test]
async fn after_kill_9_at_most_a_second_and_a_half_is_missing() {
    let attempt = |n: u64| async move { calmly(STALL, async || killed_in_the_middle(n).await).await };
    let batch = |n: u64| async move {
        for n in n * 5..(n + 1) * 5 {
            attempt(n).await;
        }
    };
    // Four at a time, twenty in total.
    tokio::join!(batch(0), batch(1), batch(2), batch(3));
}

/// Kills a run at a random moment, and compares the recording with the server's count.
async fn killed_in_the_middle(seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let text = "users: 2\nspawn_rate: 100\nwait_time: constant(10ms)\ntasks: [{ steps: [{ get: /ok }] }]\n";
    fs::write(folder.path().join("s.yaml"), text).expect("a scenario");
    let args = ["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs", "--host", &server.url()];
    let mut child = katydid(folder.path(), &args).spawn().expect("a run");
    wait::until_in_task("the first request", || server.count() > 0).await;
    let after = Duration::from_millis(1_800 + fastrand::Rng::with_seed(seed).u64(0..1_500));
    let begun = Instant::now();
    let mut counts = Vec::new();
    while begun.elapsed() < after {
        counts.push((Instant::now(), server.count()));
        // The interval of the recording; nothing is being waited for.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().expect("a live run");
    let killed = Instant::now();
    child.wait().expect("a dead run");
    let run = store::read(&only(&folder.path().join("runs"))).expect("a run that was cut short");
    assert_eq!(run.state, State::CutShort);
    let known = counts.iter().rev().find(|(at, _)| killed.duration_since(*at) >= Duration::from_millis(1_500));
    let known = known.expect("it went on for longer").1;
    let (recorded, all) = (run.last.total.total.requests, server.count());
    assert!(recorded >= known && recorded <= all, "{recorded} of {all}, {known} a second and a half before");
    let seconds: u64 = run.seconds.iter().map(|second| second.requests).sum();
    assert!(seconds >= known, "{seconds} of {all}, {known} a second and a half before");
}
