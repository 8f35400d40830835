//! The checks before a run.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::command::{err, katydid};
use crate::server::free_port;
use crate::tls::Tls;
use crate::web::web;
use crate::{doctor, of, scenario};

fn run(folder: &Path, scenario: &str, flags: &str) -> Output {
    fs::write(folder.join("run.yaml"), scenario).expect("a file");
    let args = ["-f", "run.yaml", "--headless", "-t", "300ms", "--runs-dir", "runs", "-L", "ERROR"];
    let args: Vec<&str> = args.into_iter().chain(flags.split_whitespace()).collect();
    katydid(folder, &args).output().expect("the command runs")
}

/// Number of folders of runs.
fn recorded(folder: &Path) -> usize {
    fs::read_dir(folder.join("runs"))
        .map_or(0, |entries| entries.flatten().filter(|entry| entry.path().is_dir()).count())
}

#[test]
fn unknown_names_and_failed_tls_stop_a_run_that_is_then_not_recorded() {
    let expired = Tls::start("-2", "localhost");
    for (host, words) in [("http://shop.invalid", "shop.invalid: "), (&*expired.url(), "the certificate ended ")] {
        let folder = tempfile::tempdir().expect("a folder");
        let output = run(folder.path(), &scenario(host), "");
        let text = err(&output);
        assert!(output.status.code() == Some(2) && text.contains(words) && text.contains("--no-preflight"), "{text}");
        assert_eq!(recorded(folder.path()), 0);
        let output = run(folder.path(), &scenario(host), "--no-preflight");
        assert!(output.status.code() == Some(1) && recorded(folder.path()) == 1, "{}", err(&output));
    }
}

#[test]
fn a_server_that_is_down_is_a_warning_and_one_that_is_up_is_not_mentioned() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = format!("127.0.0.1:{}", free_port());
    let output = run(folder.path(), &scenario(&format!("http://{place}")), "");
    let text = err(&output);
    assert!(output.status.code() == Some(1), "{text}");
    assert!(text.starts_with(&format!("katydid: host: {place}: connection refused. Start the server")), "{text}");
    let output = run(folder.path(), &scenario(&web("200 OK\r\nX: y", "ok")), "");
    assert_eq!((output.status.code(), &*err(&output)), (Some(0), ""));
    assert_eq!(recorded(folder.path()), 2);
}

#[test]
fn a_silent_server_delays_the_start_by_three_seconds_at_most() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = format!("https://{}", listener.local_addr().expect("an address"));
    let time = |flags: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let text = err(&run(folder.path(), &scenario(&host), &format!("-s 0s {flags}")));
        (started.elapsed(), text)
    };
    let ((without, _), (with, text)) = (time("--no-preflight"), time(""));
    assert!(text.contains("timed out during the TLS handshake"), "{text}");
    assert!(with.saturating_sub(without) < Duration::from_secs(6), "{with:?} {without:?}");
}

#[test]
fn a_webhook_that_is_unreachable_does_not_stop_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let output =
        run(folder.path(), &scenario(&web("200 OK\r\nX: y", "ok")), "--webhook-url http://hooks.invalid/S3cret");
    let text = err(&output);
    assert!(text.contains("webhook: hooks.invalid: ") && output.status.code() == Some(0), "{text}");
    assert!(!text.contains("S3cret"), "{text}");
}

#[test]
fn what_a_run_refuses_at_its_start_is_an_error_of_the_doctor_in_the_same_words() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("a file");
    let text = scenario("demo").replace("run_time: 1s", "run_time: 1h");
    for (check, flags, words) in [
        ("budget", "--vu-budget 0.5", "the run is planned with 3.000 VU-hours, more than --vu-budget 0.5"),
        ("reports", "--html file/r.html", "cannot write file/r.html: Not a directory; nothing was written"),
        ("reports", "--csv /proc/none/x", "cannot write /proc/none/x_stats.csv: No such file or directory"),
        ("reports", "--html a --junit ./a", "./a is named twice: one file would overwrite the other"),
        ("reports", "--markdown run.yaml", "run.yaml is read by this command: it would be overwritten"),
        ("reports", "--logfile file/log", "cannot write to file/log: Not a directory"),
    ] {
        let (code, lines) = doctor(folder.path(), &text, flags, &[]);
        let found = of(&lines, check);
        assert!(
            code == 2 && found.iter().any(|line| line.starts_with(&format!("error {words}"))),
            "{flags}: {lines:?}"
        );
        let run = run(folder.path(), &text, &format!("{flags} -t 1h"));
        assert_eq!(run.status.code(), Some(2), "{flags}: {}", err(&run));
        assert!(err(&run).contains(words), "{flags}: {}", err(&run));
    }
    let (code, lines) = doctor(folder.path(), &text, "--vu-budget 3 --html r.html --logfile file", &[]);
    assert_eq!(code, 0, "{lines:?}");
    assert_eq!(
        (of(&lines, "budget"), of(&lines, "reports")),
        (vec!["ok 3.000 of 3 VU-hours planned"], vec!["ok 2 files can be written"])
    );
    // Neither has anything to check.
    let (_, lines) = doctor(folder.path(), &text, "", &[]);
    assert!(of(&lines, "budget").is_empty() && of(&lines, "reports").is_empty(), "{lines:?}");
}
