//! Signals without a screen: which are heard, which are left alone, and that none of them costs the files.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::command::{Ran, err, katydid, out, prepared, signal};
use crate::nginx::{Nginx, free_port};
use crate::output::{until_connected, until_it_hears};
use crate::wait::until;

/// One request after the other; the server says when the first is there.
fn scenario(nginx: &Nginx) -> String {
    format!("host: {}\nwait_time: constant(10ms)\ntasks: [{{ steps: [{{ get: / }}] }}]", nginx.url())
}

#[test]
fn every_signal_that_would_end_the_run_stops_it_with_its_files() {
    let nginx = Nginx::start();
    for (name, words) in [
        ("INT", "interrupted"),
        ("TERM", "asked to terminate"),
        ("HUP", "terminal gone"),
        ("QUIT", "signal 3"),
        ("USR1", "signal 10"),
        ("USR2", "signal 12"),
        ("ALRM", "signal 14"),
        ("XCPU", "signal 24"),
        ("ABRT", "signal 6"),
        ("RTMIN", "signal 34"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let child = prepared(folder.path(), &scenario(&nginx), "-t 10m -s 5s").spawn().unwrap();
        until_it_hears(&child);
        let before = nginx.log().len();
        until("requests", || nginx.log().len() > before);
        signal(name, child.id());
        let ran = Ran::of(child.wait_with_output().unwrap(), folder);
        assert_eq!(ran.output.status.code(), Some(0), "{name}: {}", err(&ran.output));
        assert!(err(&ran.output).contains(&format!("{words}: stopping")), "{name}: {}", err(&ran.output));
        assert!(ran.requests("/") > 0, "{name}");
    }
}

#[test]
fn a_signal_that_is_ignored_at_the_start_stays_ignored() {
    let nginx = Nginx::start();
    for (ignored, words) in [("HUP", "terminal gone"), ("INT", "interrupted"), ("USR1", "signal 10")] {
        let folder = tempfile::tempdir().unwrap();
        let command = prepared(folder.path(), &scenario(&nginx), "-t 10m -s 5s");
        // As `nohup` does it, and a shell for what it starts in the background.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("trap '' {ignored}; exec \"$0\" \"$@\"")]).arg(command.get_program());
        let child = shell
            .args(command.get_args())
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        until_it_hears(&child);
        signal(ignored, child.id());
        let before = nginx.log().len();
        until("requests after it", || nginx.log().len() > before + 50);
        signal("TERM", child.id());
        let ran = Ran::of(child.wait_with_output().unwrap(), folder);
        assert_eq!(ran.output.status.code(), Some(0), "{ignored}: {}", err(&ran.output));
        let text = err(&ran.output);
        assert!(!text.contains(words) && text.matches("asked to terminate").count() == 1, "{ignored}: {text}");
    }
}

#[test]
fn two_signals_at_once_count_as_one() {
    // A reply that takes long enough for a second signal to cut it.
    let nginx = Nginx::with("", "location / { limit_rate 40k; root FOLDER; }");
    fs::write(nginx.file("big"), vec![b'x'; 80_000]).unwrap();
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /big }}] }}]", nginx.url());
    for pair in [["TERM", "TERM"], ["INT", "TERM"], ["TERM", "HUP"]] {
        let folder = tempfile::tempdir().unwrap();
        let child = prepared(folder.path(), &scenario, "-t 10m -s 60s").spawn().unwrap();
        until_it_hears(&child);
        until_connected(&child, &nginx);
        let mut both = Command::new("sh");
        both.args(["-c", "kill -s $1 $0; kill -s $2 $0", &child.id().to_string()]).args(pair);
        assert!(both.status().unwrap().success());
        let ran = Ran::of(child.wait_with_output().unwrap(), folder);
        let text = err(&ran.output);
        assert_eq!(ran.output.status.code(), Some(0), "{pair:?}: {text}");
        assert!(text.matches(": stopping").count() == 1 && !text.contains("cutting"), "{pair:?}: {text}");
        assert_eq!((ran.requests("/big"), ran.failed("/big")), (1, 0), "{pair:?}: {text}");
    }
}

#[test]
fn timeout_ends_a_run_gracefully_though_it_signals_twice() {
    let nginx = Nginx::with("", "location / { limit_rate 40k; root FOLDER; }");
    fs::write(nginx.file("big"), vec![b'x'; 80_000]).unwrap();
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /big }}] }}]", nginx.url());
    let folder = tempfile::tempdir().unwrap();
    let command = prepared(folder.path(), &scenario, "-t 10m -s 60s");
    let mut timeout = Command::new("timeout");
    timeout.arg("2").arg(command.get_program()).args(command.get_args()).current_dir(folder.path());
    let output = timeout.env("HOME", folder.path()).output().expect("timeout is part of coreutils");
    let ran = Ran::of(output, folder);
    let text = err(&ran.output);
    // The code with which `timeout` says that it had to.
    assert_eq!(ran.output.status.code(), Some(124), "{text}");
    assert!(text.matches(": stopping").count() == 1 && !text.contains("cutting"), "{text}");
    assert!(ran.requests("/big") >= 1 && ran.failed("/big") == 0, "{text}");
    assert!(!out(&ran.output).contains("were cut"), "{}", out(&ran.output));
}

#[test]
fn a_temporary_file_goes_with_the_next_run_unless_somebody_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [".katydid-left.tmp", ".katydid-busy.tmp", ".katydid-notes.txt", ".katydid-new.tmp"] {
        fs::write(at(name), "half a file").unwrap();
        let is_old = name != ".katydid-new.tmp";
        let age = Duration::from_secs(if is_old { 120 } else { 0 });
        File::options().append(true).open(at(name)).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }
    let busy = File::open(at(".katydid-busy.tmp")).unwrap();
    busy.lock().unwrap();
    let scenario = format!("host: http://127.0.0.1:{}\ntasks: [{{ steps: [{{ get: / }}] }}]", free_port());
    let output = prepared(folder.path(), &scenario, "-t 200ms").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let there = |name: &str| at(name).exists();
    assert!(!there(".katydid-left.tmp") && there(".katydid-busy.tmp") && there(".katydid-notes.txt"));
    // Another process may just have created it, and not locked it yet.
    assert!(there(".katydid-new.tmp"));
    drop(busy);
    let output = katydid(folder.path(), &["-f", "run.yaml", "--headless", "--csv", "run", "-t", "200ms"]).output();
    assert_eq!(output.unwrap().status.code(), Some(1));
    assert!(!there(".katydid-busy.tmp") && there("run_stats.csv"));
}
