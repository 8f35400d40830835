//! Runs without measurements or without responses: reports show neither figures nor success.

use std::fs;
use std::net::TcpListener;

use crate::command::{Ran, err, katydid, out, prepared, run, signal};
use crate::nginx::Nginx;
use crate::wait::until;

/// A port without a listener.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

#[test]
fn a_run_that_is_stopped_during_warm_up_is_undecided() {
    let nginx = Nginx::start();
    let tasks = "wait_time: constant(20ms)\ntasks: [{ steps: [{ get: /missing }] }]\nthresholds: [requests >= 10]\n";
    for load in [
        "warm_up: 10m\nrun_time: 20m\n",
        "shape: { stages: [{ name: warm, duration: 10m, users: 2, warm_up: true }, { duration: 10m, users: 2 }] }\n",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = format!("host: {}\n{load}{tasks}", nginx.url());
        let before = nginx.log().len();
        let flags = "--junit junit.xml --markdown report.md --runs-dir runs";
        let child = prepared(folder.path(), &scenario, flags).spawn().expect("the command runs");
        until("requests of the warm-up", || nginx.log().len() > before + 20);
        signal("INT", child.id());
        let output = child.wait_with_output().expect("its output");
        let stdout = out(&output);
        assert_eq!(output.status.code(), Some(3), "{load}: {stdout}{}", err(&output));
        let reason = "undecided: the run ended in its warm-up, and nothing was measured";
        assert!(stdout.contains(&format!(" ? {reason}\n")), "{load}: {stdout}");
        assert!(stdout.contains("? requests >= 10  –  cannot tell: nothing was measured"), "{load}: {stdout}");
        assert!(stdout.contains(" requests of the warm-up are in no row"), "{load}: {stdout}");
        assert!(!stdout.contains("does not count") && !stdout.contains("/missing"), "{load}: {stdout}");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
        assert!(read("report.md").contains(&reason["undecided: ".len()..]), "{}", read("report.md"));
        assert!(
            read("junit.xml").contains(reason) && read("junit.xml").contains("cannot tell"),
            "{}",
            read("junit.xml")
        );
        let list = run(folder.path(), &["runs", "--runs-dir", "runs"]);
        assert!(out(&list).contains("undecided"), "{}", out(&list));
        let summary = out(&run(folder.path(), &["report", "latest", "--runs-dir", "runs"]));
        assert!(summary.contains(reason) && !summary.contains(" 0 users"), "{summary}");
        let ran = Ran::of(output, folder);
        assert_eq!(ran.requests("Aggregated"), 0);
    }
}

#[test]
fn a_run_without_requests_is_undecided() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("s.yaml"), "host: demo\nusers: 0\ntasks: [{ steps: [{ get: / }] }]\n")
        .expect("a file");
    fs::write(folder.path().join("waits.yaml"), "host: demo\ntasks: [{ steps: [{ wait: 10ms }] }]\n").expect("a file");
    let thresholds = "host: demo\ntasks: [{ steps: [{ wait: 10ms }] }]\nthresholds: [requests == 0]\n";
    fs::write(folder.path().join("thresholds.yaml"), thresholds).expect("a file");
    for (flags, code, verdict) in [
        ("-f s.yaml -t 1s", 3, " ? undecided: no requests were sent\n"),
        ("-f waits.yaml -t 1s", 3, " ? undecided: no requests were sent\n"),
        ("-f thresholds.yaml -t 1s", 0, " ✓ passed: requests == 0 was met\n"),
    ] {
        let args: Vec<&str> = flags.split(' ').chain(["--headless", "--only-summary", "--no-record"]).collect();
        let output = run(folder.path(), &args);
        let all = format!("{flags}: {}{}", out(&output), err(&output));
        assert_eq!(output.status.code(), Some(code), "{all}");
        assert!(out(&output).contains(verdict), "{all}");
    }
}

#[test]
fn failed_requests_without_response_have_no_response_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "host: http://127.0.0.1:{}\nwait_time: constant(20ms)\ntasks: [{{ steps: [{{ get: /a }}] }}]\n",
        closed_port()
    );
    let flags = "-t 1s --markdown report.md --html report.html --runs-dir runs";
    let output = prepared(folder.path(), &text, flags).output().expect("the command runs");
    let stdout = out(&output);
    let rows: Vec<&str> = stdout.lines().filter(|line| line.contains("/a ") && line.starts_with("GET")).collect();
    assert_eq!(rows.len(), 2, "{stdout}");
    assert!(rows.iter().all(|row| row.contains(" – ")), "{stdout}");
    assert!(!stdout.contains("Response times:"), "{stdout}");
    let markdown = fs::read_to_string(folder.path().join("report.md")).expect("a file");
    let row = markdown.lines().find(|line| line.starts_with("| `GET /a`") && line.contains(" %)")).unwrap_or_default();
    assert!(row.ends_with("| – | – | – | – |"), "{markdown}");
    let list = katydid(folder.path(), &["runs", "--runs-dir", "runs"]).output().expect("the command runs");
    assert!(out(&list).contains('–'), "{}", out(&list));
    let summary = out(&run(folder.path(), &["report", "latest", "--runs-dir", "runs"]));
    let totals = summary.lines().skip_while(|line| !line.contains("p50")).nth(1).unwrap_or_default();
    assert_eq!(totals.matches('–').count(), 4, "{summary}");
    // The columns of Locust include the times of failed requests.
    let ran = Ran::of(output, folder);
    assert!(ran.row("/a")["Max Response Time"].parse::<f64>().expect("a number") > 0.0);
}
