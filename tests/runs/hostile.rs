//! Recorded runs with symbolic links, special files and invalid figures.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::command::{err, out};
use super::place::Place;

/// Time limit for a command.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Output of a command. Panics if it does not end within [`TIMEOUT`].
fn run_with_timeout(place: &Place, line: &str) -> Output {
    let mut child = place.spawn(line);
    let started = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if started.elapsed() > TIMEOUT {
            child.kill().expect("a live child");
            panic!("{line} timed out");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().expect("an output")
}

fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a FIFO");
}

#[test]
fn special_files_are_not_read_and_do_not_block() {
    let place = Place::new();
    let real = place.record("-t 1s");
    let bad = |file: &str| {
        let id = format!("2026-01-01_000000_{}", file.replace('.', "_"));
        place.copy(&real, &id, |_| {});
        (place.runs().join(&id).join(file), id)
    };
    let (meta, with_meta) = bad("meta.json");
    fifo(&meta);
    let (zero, with_zero) = (place.runs().join("2026-02-01_000000_zero"), "2026-02-01_000000_zero");
    fs::create_dir(&zero).expect("a folder");
    symlink("/dev/zero", zero.join("meta.json")).expect("a link");
    for line in ["runs", "runs --json", "usage", "report latest", "-f s.yaml --headless --only-summary -t 300ms"] {
        let output = run_with_timeout(&place, line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", err(&output));
    }
    let table = place.ok("runs");
    for id in [&*with_meta, with_zero] {
        let line = table.lines().find(|line| line.starts_with(id)).expect("a line");
        assert!(line.contains("it is not a regular file"), "{line}");
        assert_eq!(run_with_timeout(&place, &format!("report {id}")).status.code(), Some(1));
    }
    for file in ["snapshot.json", "series.jsonl", "events.jsonl"] {
        let (path, id) = bad(file);
        fifo(&path);
        let output = run_with_timeout(&place, &format!("report {id}"));
        assert_eq!(output.status.code(), Some(1), "{file}: {}", err(&output));
        assert!(err(&output).contains(file) && err(&output).contains("not a regular file"), "{}", err(&output));
    }
}

#[test]
fn export_does_not_follow_links_or_overwrite_other_files() {
    let place = Place::new();
    let real = place.record("-t 1s");
    place.copy(&real, "2026-01-01_000000_link", |_| {});
    fs::write(place.path().join("secret.txt"), "secret").expect("a file");
    let failures = place.runs().join("2026-01-01_000000_link/failures.jsonl");
    fs::remove_file(&failures).expect("a file");
    symlink(place.path().join("secret.txt"), &failures).expect("a link");
    place.refused("runs export 2026-01-01_000000_link --out o", 1, "failures.jsonl: it is not a regular file");
    assert!(!place.path().join("o").exists());

    let meta = format!("runs/{real}/meta.json");
    for file in ["s.yaml", &meta] {
        let before = fs::read(place.path().join(file)).expect("a file");
        place.refused(&format!("runs export {real} --out {file}"), 1, "is not an export of runs");
        assert_eq!(fs::read(place.path().join(file)).expect("a file"), before, "{file}");
    }
    place.ok(&format!("runs export {real} --out o"));
    place.ok(&format!("runs export {real} --out o"));
    assert!(place.ok("runs import o").contains("is already there"));
}

#[test]
fn invalid_figures_are_reported_as_damage() {
    let place = Place::new();
    let real = place.record("-t 1500ms");
    for (id, vu_hours) in [("2026-01-01_000000_less", -5.0), ("2026-01-02_000000_more", 1e308)] {
        place.copy(&real, id, |meta| meta["outcome"]["totals"]["vu_hours"] = vu_hours.into());
        let table = place.ok("runs");
        let line = table.lines().find(|line| line.starts_with(id)).expect("a line");
        assert!(line.contains("outcome.totals.vu_hours: expected a number from 0 to "), "{line}");
    }
    let usage = place.run("usage --json");
    assert!(err(&usage).contains("2 runs cannot be read, and are not counted"), "{}", err(&usage));
    let usage: Value = serde_json::from_str(&out(&usage)).expect("JSON");
    assert!((0.0..1.0).contains(&usage["months"][0]["vu_hours"].as_f64().expect("a number")), "{usage}");
    place.copy(&real, "2026-01-03_000000_empty", |_| {});
    fs::write(place.runs().join("2026-01-03_000000_empty/series.jsonl"), "").expect("a file");
    let report = place.ok("report 2026-01-03");
    assert!(report.contains("the recording is incomplete: series.jsonl has no seconds of 00:0"), "{report}");
}

#[test]
fn a_run_that_is_imported_twice_counts_once() {
    let place = Place::new();
    place.record("-t 1s");
    let before = place.json("usage --json");
    place.ok("runs export latest --out a");
    place.ok("runs rm latest");
    assert_eq!(place.json("usage --json"), before);
    for _ in 0..2 {
        place.ok("runs import a");
        assert_eq!(place.json("usage --json"), before);
        place.ok("runs rm latest");
        assert_eq!(place.json("usage --json"), before);
    }
}

#[test]
fn reports_of_a_running_run_are_consistent() {
    let place = Place::new();
    let mut child = place.start("-t 3s");
    // The first snapshot with requests; series.jsonl will contain later seconds, which must be ignored.
    let early = loop {
        let runs = fs::read_dir(place.runs()).into_iter().flatten().flatten();
        let found = runs.filter_map(|run| fs::read(run.path().join("snapshot.json")).ok()).next();
        if let Some(text) = found
            && serde_json::from_slice::<Value>(&text).is_ok_and(|last| last["total"]["total"]["requests"] != 0)
        {
            break text;
        }
        assert!(child.0.try_wait().expect("a child").is_none(), "the run ended before the first snapshot");
        std::thread::yield_now();
    };
    assert!(child.0.wait().expect("an end").success());
    let real = place.json("runs --json")[0]["id"].as_str().expect("an id").to_owned();
    place.change(&real, |meta| (meta["ended"], meta["outcome"]) = (Value::Null, Value::Null));
    let folder = place.runs().join(&real);
    fs::write(folder.join("snapshot.json"), early).expect("a file");
    // A journal holds this lock while it writes.
    let lock = File::open(folder.join("intervals.hlog")).expect("a file");
    lock.lock().expect("a lock");
    assert!(place.ok("report latest --json now.json --markdown now.md").contains("now.md"));
    let text = fs::read_to_string(place.path().join("now.json")).expect("a file");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let sum = |list: &str| -> u64 {
        report[list].as_array().expect("a list").iter().filter_map(|item| item["requests"].as_u64()).sum()
    };
    let total = report["totals"]["requests"].as_u64().expect("a number");
    assert_eq!(report["run"]["state"], "running");
    assert!(total > 0 && sum("rows") == total && sum("series") <= total, "{total} {} {}", sum("rows"), sum("series"));

    // A run without an outcome has no verdict, in the text report either.
    let text = place.ok("report latest");
    assert!(text.contains("running: The run is not over") && !text.contains("passed"), "{text}");
    drop(lock);
    let text = place.ok("report latest");
    assert!(text.contains("cut short: The process was killed") && !text.contains("passed"), "{text}");
}
