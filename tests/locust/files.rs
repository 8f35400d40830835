//! CSV files: beside those of a real Locust on the same workload, and while the run goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{katydid, out, rows};
use crate::common::Server;

/// What `locustfile.py` does.
const SCENARIO: &str = "users: 1
wait_time: constant(0s)
stop_timeout: 0s
tasks:
  - name: everything once
    steps:
      - repeat: 12
        steps: [{ get: /ok }, { get: /fail }]
      - repeat: 6
        steps: [{ post: /ok, name: 'one, two' }]
      - set: { far: 3 }
      - set: { broken: \"{{ [1][far] }}\" }
      - wait: 60s
";

fn python() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/locust/bin/python");
    assert!(path.exists(), "{} is missing: tests/run installs it", path.display());
    path
}

/// Both programs at the same time, with and without the full history.
#[test]
fn the_files_are_those_of_locust_column_by_column() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("run.yaml"), SCENARIO).expect("a file");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/locust");
    let mut runs = Vec::new();
    for full in [false, true] {
        let more: &[&str] = if full { &["--csv-full-history"] } else { &[] };
        let prefix = |name: &str| if full { format!("{name}_full") } else { name.to_owned() };
        let url = server.url();
        // The script `locust` names the folder in which it was installed, which may have been moved since.
        let mut locust = Command::new(python());
        locust
            .args(["-m", "locust", "-f"])
            .arg(source.join("locustfile.py"))
            .current_dir(folder.path())
            .stdin(Stdio::null());
        let mut katydid = katydid(folder.path(), &["-f", "run.yaml"]);
        for (name, command) in [("locust", &mut locust), ("katydid", &mut katydid)] {
            let load = ["--host", &url, "--users", "1", "--spawn-rate", "1", "--run-time", "9s", "--headless"];
            command.args(load).args(["--only-summary", "--csv", &prefix(name)]).args(more);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("both programs");
            runs.push((prefix(name), child));
        }
    }
    for (name, child) in runs {
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for [theirs, ours] in [["locust", "katydid"], ["locust_full", "katydid_full"]] {
        let mut python = Command::new(python());
        python.arg(source.join("compare.py")).args([theirs, ours]).current_dir(folder.path());
        let output = python.output().expect("Python");
        let said = format!("{}{}", out(&output), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{ours}: {said}");
    }
}

#[test]
fn the_files_grow_while_the_run_goes_on_and_are_complete_at_its_end() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("run.yaml"), format!("host: {}\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n", server.url()))
        .expect("a file");
    fs::write(at("x_stats_history.csv"), "of an earlier run\n").expect("a file");
    let args = ["-f", "run.yaml", "--headless", "-u", "2", "-r", "9", "--csv", "x", "--no-record"];
    let mut child = katydid(folder.path(), &args).spawn().expect("a run");
    let begin = Instant::now();
    let seen = |rows: usize| {
        let text = fs::read_to_string(at("x_stats_history.csv")).unwrap_or_default();
        let stats = fs::read_to_string(at("x_stats.csv")).unwrap_or_default();
        text.lines().count() > rows && text.ends_with("\r\n") && stats.contains("GET,/ok,")
    };
    while !seen(4) {
        assert!(begin.elapsed() < Duration::from_secs(60) && child.try_wait().expect("a state").is_none());
        std::thread::sleep(Duration::from_millis(50));
    }
    crate::command::signal("INT", child.id());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0));
    let history = rows(at("x_stats_history.csv"));
    let times: Vec<u64> = history.iter().map(|row| row["Timestamp"].parse().expect("a time")).collect();
    assert!(times.len() >= 4 && times.windows(2).all(|two| two[0] < two[1]), "{times:?}");
    let total = rows(at("x_stats.csv")).into_iter().last().expect("a row");
    let last = history.last().expect("a row");
    for (a, b) in [("Request Count", "Total Request Count"), ("Failure Count", "Total Failure Count")] {
        assert_eq!(total[a], last[b]);
    }
    assert_eq!(total["Request Count"], server.count().to_string());
}

#[test]
fn the_full_history_needs_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("run.yaml"), SCENARIO).expect("a file");
    let output = crate::command::run(
        folder.path(),
        &["-f", "run.yaml", "-H", "http://127.0.0.1:1", "--headless", "--csv-full-history"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        crate::command::err(&output).contains("--csv-full-history needs --csv"),
        "{}",
        crate::command::err(&output)
    );
}
