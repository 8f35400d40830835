//! Readers of our output that stop reading, go away, or have no room: the run, its signals and its files do not care,
//! and what is missing is said.

use std::fs::{self, File};
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::OFlags;

use crate::command::{Ran, err, katydid, out, prepared, signal};
use crate::nginx::Nginx;
use crate::wait::{found, until};

/// A pipe that takes not a byte more, as one to a pager that waits for a key.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).expect("a mode");
    while writer.write(&[b'\n'; 4_096]).is_ok() {}
    while writer.write(b"\n").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, OFlags::empty()).expect("a mode");
    (reader, writer)
}

/// Waits until a signal no longer ends the process by itself.
pub fn until_it_hears(child: &Child) {
    until("a process that hears TERM", || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
        u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask >> 14 & 1 == 1)
    });
}

/// A request is under way, on a connection that stands.
pub fn until_connected(child: &Child, nginx: &Nginx) {
    let port: u32 = nginx.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    until("a connection", || {
        let peers = fs::read_to_string(format!("/proc/{}/net/tcp", child.id())).unwrap_or_default();
        peers.contains(&format!(":{port:04X} 01 "))
    });
}

fn until_requests(nginx: &Nginx, n: usize) {
    until("requests", || nginx.log().len() >= n);
}

fn aggregated(folder: &Path) -> u64 {
    let stats = fs::read_to_string(folder.join("run_stats.csv")).expect("files of the run");
    let row = stats.lines().find(|line| line.starts_with(",Aggregated,")).expect("a row");
    row.split(',').nth(2).expect("a cell").parse().expect("a count")
}

/// Tables of 300 rows and a line of the log for each pass.
fn talkative(nginx: &Nginx) -> String {
    let steps: String = (0..300).map(|n| format!("{{ get: /row-{n} }}, {{ log: 'a pass of step {n}' }}, ")).collect();
    format!("host: {}\nusers: 5\nspawn_rate: 100\ntasks: [{{ steps: [{steps}] }}]", nginx.url())
}

/// Without `--only-summary`, so that there are tables in between.
fn start(folder: &Path, scenario: &str, flags: &str, more: impl FnOnce(&mut Command)) -> Child {
    fs::write(folder.join("run.yaml"), scenario).expect("a written scenario");
    let args: Vec<&str> =
        ["-f", "run.yaml", "--headless", "--csv", "run"].into_iter().chain(flags.split(' ')).collect();
    let mut command = katydid(folder, &args);
    more(&mut command);
    command.spawn().expect("katydid")
}

#[test]
fn readers_that_stop_reading_hold_up_neither_signals_nor_files() {
    let nginx = Nginx::start();
    for (out_is_full, err_is_full) in [(true, false), (false, true), (true, true)] {
        let folder = tempfile::tempdir().unwrap();
        let (reader, writer) = full_pipe();
        let before = nginx.log().len();
        let child = start(folder.path(), &talkative(&nginx), "-t 10m -s 2s --exit-code-on-error 0", |command| {
            let side =
                |full: bool| if full { Stdio::from(writer.try_clone().expect("a side")) } else { Stdio::piped() };
            command.stdout(side(out_is_full)).stderr(side(err_is_full));
        });
        drop(writer);
        until_it_hears(&child);
        until_requests(&nginx, before + 2_000);
        signal("TERM", child.id());
        let output = child.wait_with_output().unwrap();
        // What was not read is missing from what a script would keep.
        assert_eq!(output.status.code(), Some(i32::from(out_is_full)), "{} {}", out(&output), err(&output));
        assert!(aggregated(folder.path()) >= 2_000);
        if out_is_full && !err_is_full {
            let words = "standard output was not read: ";
            assert!(err(&output).contains(words) && err(&output).contains("lines lost"), "{}", err(&output));
        }
        if err_is_full && !out_is_full {
            assert!(out(&output).contains("katydid: standard error was not read: "), "{}", out(&output));
            assert!(out(&output).contains("Response time percentiles"), "{}", out(&output));
        }
        drop(reader);
    }
}

#[test]
fn a_second_and_a_third_signal_work_too_while_nobody_reads() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let (_reader, writer) = full_pipe();
    // A task that would go on for an hour after the stop.
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: / }}, {{ wait: 1h }}] }}]", nginx.url());
    let mut child = start(folder.path(), &scenario, "-t 10m -s 2h", |command| {
        command.stdout(writer.try_clone().expect("a side")).stderr(writer);
    });
    until_it_hears(&child);
    until_requests(&nginx, 1);
    signal("TERM", child.id());
    until("the end", || {
        signal("INT", child.id());
        child.try_wait().expect("a child").is_some()
    });
    assert_eq!(aggregated(folder.path()), 1);
}

#[test]
fn a_run_that_ends_by_itself_does_not_wait_for_its_reader() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = full_pipe();
    let child = start(folder.path(), &talkative(&nginx), "-t 1s", |command| {
        command.stdout(writer);
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains("standard output was not read"), "{}", err(&output));
    assert!(aggregated(folder.path()) > 0);
    drop(reader);
}

#[test]
fn a_reader_that_comes_back_finds_every_line() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut reader, writer) = full_pipe();
    let child = start(folder.path(), &talkative(&nginx), "-t 10m -s 2s --exit-code-on-error 0", |command| {
        command.stderr(writer);
    });
    until_it_hears(&child);
    until_requests(&nginx, 3_000);
    let reader = std::thread::spawn(move || {
        let mut all = String::new();
        reader.read_to_string(&mut all).expect("it is read to the end");
        all
    });
    signal("TERM", child.id());
    let output = child.wait_with_output().unwrap();
    let text = reader.join().unwrap();
    let text = text.trim_start_matches('\n');
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert!(text.lines().all(|line| line.starts_with("katydid: ") || line.starts_with('[')), "{text}");
    assert!(text.contains("a pass of step") && text.contains("asked to terminate"), "{text}");
    assert!(!text.contains("missing") && !out(&output).contains("missing"), "{text}{}", out(&output));
}

#[test]
fn a_full_disk_behind_standard_output_is_said_and_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "host: demo\nrun_time: 1s\ntasks: [{ steps: [{ get: /_count }] }]";
    fs::write(folder.path().join("run.yaml"), scenario).unwrap();
    fs::write(folder.path().join("line.sh"), "curl http://127.0.0.1:1/").unwrap();
    for args in [
        &["--headless", "-f", "run.yaml", "--csv", "run"][..],
        &["check", "run.yaml"],
        &["try", "run.yaml"],
        &["import", "line.sh"],
        &["schema"],
        &["init", "new"],
        &["--help"],
        &["check", "--help"],
        &["--version"],
    ] {
        let full = File::options().write(true).open("/dev/full").expect("a device that is always full");
        let output = katydid(folder.path(), args).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", err(&output));
        let words = "katydid: cannot write to standard output: No space left on device";
        assert_eq!(err(&output).matches(words).count(), 1, "{args:?}: {}", err(&output));
        if args[0] == "--headless" {
            assert!(err(&output).contains("Shutting down (exit code 1)"), "{}", err(&output));
            let listed = katydid(folder.path(), &["runs", "--json"]).output().unwrap();
            let runs: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
            assert_eq!(runs[0]["exit_code"], 1, "{runs}");
        }
    }
    // The files of the run are there all the same.
    assert!(aggregated(folder.path()) > 0);
}

#[test]
fn a_reader_that_is_gone_changes_nothing_of_the_run() {
    let nginx = Nginx::start();
    let scenario = format!("host: {}\nwait_time: constant(10ms)\ntasks: [{{ steps: [{{ get: / }}] }}]", nginx.url());
    let folder = tempfile::tempdir().unwrap();
    let mut child = prepared(folder.path(), &scenario, "-t 3s").spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    let ran = Ran::of(child.wait_with_output().unwrap(), folder);
    assert_eq!(ran.output.status.code(), Some(0));
    assert_eq!(ran.requests("/"), nginx.stop_and_read_log().len() as u64);
    assert!(ran.requests("/") > 50);
    // A command that only prints, before a reader that wants a line of it.
    let folder = tempfile::tempdir().unwrap();
    let mut child = katydid(folder.path(), &["schema"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn a_command_that_only_prints_waits_for_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    let whole = out(&katydid(folder.path(), &["schema"]).output().unwrap());
    let (mut reader, writer) = full_pipe();
    let mut child = katydid(folder.path(), &["schema"]).stdout(writer).spawn().unwrap();
    found("a process that waits in a write", || {
        let call = fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default();
        if call.contains("pipe") { Ok(()) } else { Err(call) }
    });
    let mut all = String::new();
    reader.read_to_string(&mut all).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(all.trim_start_matches('\n'), whole);
}
