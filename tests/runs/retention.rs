//! What is removed when a run ends, and what never is.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::command::err;
use super::place::Place;

/// The ids that have figures.
fn with_figures(place: &Place) -> Vec<String> {
    let runs = place.json("runs --json");
    runs.as_array().expect("an array").iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect()
}

/// Copies of a run, a minute apart, and that run.
fn several(n: u32) -> (Place, String) {
    let place = Place::new();
    let real = place.record("-t 1s");
    for at in 0..n {
        place.copy(&real, &format!("2026-05-01_00{at:02}00_r"), |meta| {
            meta["started"] = format!("2026-05-01T00:{at:02}:00Z").into();
        });
    }
    (place, real)
}

#[test]
fn only_what_may_go_goes_and_the_oldest_first() {
    let (place, real) = several(6);
    let id = |at: u32| format!("2026-05-01_00{at:02}00_r");
    place.ok(&format!("runs tag {} keep", id(0)));
    place.ok(&format!("runs tag {} baseline:main", id(1)));
    // Killed, a while ago, and just now.
    for (at, ago) in [(2, 3_600), (3, 0)] {
        place.change(&id(at), |meta| (meta["ended"], meta["outcome"]) = (Value::Null, Value::Null));
        let series = File::options().write(true).open(place.runs().join(id(at)).join("series.jsonl"));
        let then = SystemTime::now() - Duration::from_secs(ago);
        series.and_then(|file| file.set_modified(then)).expect("a time");
    }
    let before = place.json("usage --json");
    let last = place.record("-t 1s --keep-runs 2");
    // Of those that may go, the two latest are kept: the one that has just ended, and the one before.
    assert_eq!(with_figures(&place), [id(0), id(1), id(3), real.clone(), last.clone()]);
    for at in [2, 4, 5] {
        let folder = place.runs().join(id(at));
        let left: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().map(|file| file.file_name()).collect();
        assert_eq!(left, ["meta.json"], "{at}");
    }
    // What was cut short has its totals in meta.json now, and is still said to have been cut short.
    let all = place.json("runs --json --all");
    let cut = all.as_array().expect("an array").iter().find(|run| run["id"] == id(2).as_str()).expect("a run");
    assert_eq!((&cut["verdict"], &cut["has_figures"]), (&"cut-short".into(), &false.into()));
    assert!(cut["requests"].as_u64() > Some(0) && cut["vu_hours"].as_f64() > Some(0.0), "{cut}");
    assert_eq!(place.json("usage --json --month 2026-05")["months"][0], before["months"][0]);
    place.refused(&format!("report {}", id(2)), 2, "were removed");
    assert!(place.ok("runs --all").contains("(figures removed)"));

    // By size: the run that has just ended stays, however large.
    let last = place.record("-t 1s --keep-size 1");
    assert_eq!(with_figures(&place), [id(0), id(1), id(3), last]);
    let kept = place.record("-t 1s --keep-runs 0 --keep-size 0");
    assert_eq!(with_figures(&place).len(), 5, "no limits: {kept}");
}

#[test]
fn what_usage_is_counted_from_stays_for_thirteen_months() {
    let (place, _) = several(1);
    place.copy("2026-05-01_000000_r", "2024-01-01_000000_old", |meta| {
        meta["started"] = "2024-01-01T00:00:00Z".into();
    });
    let exists = || place.runs().join("2024-01-01_000000_old").exists();
    // With figures it is kept by its limits alone.
    place.record("-t 1s");
    assert!(exists());
    place.record("-t 1s --keep-runs 1");
    assert!(!place.runs().join("2024-01-01_000000_old/series.jsonl").exists() && exists());
    place.record("-t 1s --keep-runs 1");
    assert!(!exists() && place.runs().join("2026-05-01_000000_r/meta.json").exists());
}

#[test]
fn two_that_prune_at_once_do_not_disturb_each_other() {
    let (place, _) = several(20);
    let before = place.json("usage --json")["months"][0]["vu_hours"].clone();
    let children: Vec<_> = (0..4).map(|_| place.start_loud("-t 1s --keep-runs 2")).collect();
    for child in children {
        let output = child.wait_with_output().expect("an end");
        let said = err(&output);
        assert!(output.status.success() && !said.contains("old runs") && !said.contains("record"), "{said}");
    }
    assert_eq!(place.json("usage --json")["months"][0]["vu_hours"], before);
    let list = place.json("runs --json --all");
    assert!(list.as_array().expect("an array").iter().all(|run| run["error"].is_null()), "{list}");
    // The next one removes what these left to each other.
    place.record("-t 1s --keep-runs 2");
    assert_eq!(with_figures(&place).len(), 2);
}
