//! `katydid runs` and `katydid report`: what they list, change and refuse.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[path = "runs/hostile.rs"]
mod hostile;
#[path = "runs/lost.rs"]
mod lost;
#[path = "runs/outputs.rs"]
mod outputs;
#[path = "runs/place.rs"]
mod place;
#[path = "runs/retention.rs"]
mod retention;
#[path = "runs/usage.rs"]
mod usage;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use command::{err, out};
use place::Place;

#[test]
fn a_list_is_a_table_or_json_and_can_be_filtered() {
    let place = Place::new();
    let real = place.record("-t 1500ms");
    place.copy(&real, "2026-01-05_100000_old", |meta| {
        meta["started"] = "2026-01-05T10:00:00Z".into();
        meta["scenario"] = "old".into();
        meta["host"] = "http://other.test".into();
        meta["tags"] = ["keep", "v1"].as_slice().into();
        meta["outcome"]["verdict"] = "failed".into();
    });
    place.copy(&real, "2026-01-06_100000_killed", |meta| {
        meta["started"] = "2026-01-06T10:00:00Z".into();
        meta["ended"] = serde_json::Value::Null;
        meta["outcome"] = serde_json::Value::Null;
    });
    let all = place.json("runs --json");
    let all = all.as_array().expect("an array");
    let ids: Vec<&str> = all.iter().map(|run| run["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["2026-01-05_100000_old", "2026-01-06_100000_killed", &real], "oldest first");
    for run in all {
        for key in ["scenario", "host", "started", "verdict"] {
            assert!(run[key].is_string(), "{key}: {run}");
        }
        assert_eq!(run["users"], 3, "{run}");
    }
    // Cut short: counted from what it had written.
    assert_eq!((&all[1]["verdict"], &all[1]["requests"]), (&"cut-short".into(), &all[2]["requests"]));
    assert!(all[2]["requests"].as_u64() > Some(0) && all[2]["vu_hours"].as_f64() > Some(0.0), "{}", all[2]);
    assert_eq!((&all[2]["verdict"], &all[2]["state"]), (&"passed".into(), &"ended".into()));

    let table = place.ok("runs");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[0].starts_with("ID") && lines[0].ends_with("VERDICT"), "{table}");
    assert!(lines[1].starts_with(&real) && lines[3].starts_with("2026-01-05"), "the latest first: {table}");
    assert!(lines[2].contains("cut short") && lines[3].contains("#keep #v1"), "{table}");
    for (flags, wanted) in [
        ("--scenario OLD", &["2026-01-05_100000_old"][..]),
        ("--host other", &["2026-01-05_100000_old"]),
        ("--host DEMO", &["2026-01-06_100000_killed", &real]),
        ("--tag keep --tag v1", &["2026-01-05_100000_old"]),
        ("--tag nothing", &[]),
        ("--verdict cut-short", &["2026-01-06_100000_killed"]),
        ("--verdict passed", &[&real]),
        ("--since 2026-01-06", &["2026-01-06_100000_killed", &real]),
        ("--since 1h", &[&real]),
        ("-n 1", &[&real]),
    ] {
        let runs = place.json(&format!("runs --json {flags}"));
        let ids: Vec<&str> = runs.as_array().expect("an array").iter().filter_map(|run| run["id"].as_str()).collect();
        assert_eq!(ids, wanted, "{flags}");
    }
    // Without a terminal nothing is truncated.
    place.change(&real, |meta| meta["scenario"] = "x".repeat(300).into());
    let table = place.ok("runs --verdict PASSED");
    assert!(table.contains(&"x".repeat(300)) && table.contains("  passed"), "{table}");
    let empty = place.run("runs --tag nothing");
    assert!(err(&empty).contains("no run matches in runs"), "{}", err(&empty));
    place.refused("runs --verdict bogus", 2, "cut-short");
    let error = err(&place.run("runs --since soon"));
    assert!(error.contains("--since") && error.contains("\"soon\"") && error.contains("7d"), "{error}");
}

#[test]
fn a_damaged_folder_is_a_line_with_its_reason_and_hides_nothing() {
    let place = Place::new();
    let real = place.record("-t 1s");
    for (id, text) in [
        ("2026-02-01_000000_cut", Some("{\"format\":1,\"id\":")),
        ("2026-02-02_000000_new", Some("{\"format\":99,\"version\":\"9.0.0\"}")),
        ("2026-02-03_000000_none", None),
        ("\u{1b}[2Jevil", Some("{}")),
    ] {
        let folder = place.runs().join(id);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("series.jsonl"), "").expect("a file");
        if let Some(text) = text {
            fs::write(folder.join("meta.json"), text).expect("a file");
        }
    }
    // Not a run.
    fs::create_dir(place.runs().join("notes")).expect("a folder");
    let table = place.ok("runs");
    assert_eq!(table.lines().count(), 6, "{table}");
    for words in [
        &*real,
        "is damaged: it ends in the middle of a value, in line 1",
        "newer version of katydid (9.0.0)",
        "cannot read",
        "a value is missing",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains('\u{1b}'), "{table:?}");
    let json = place.json("runs --json");
    assert_eq!(json.as_array().map(Vec::len), Some(5));
    assert!(json.as_array().expect("an array").iter().filter(|run| run["error"].is_string()).count() == 4, "{json}");
    // It can be removed, and nothing else of it fails.
    place.ok("runs rm 2026-02-01");
    assert!(!place.runs().join("2026-02-01_000000_cut").exists());
    place.refused("report 2026-02-02", 1, "newer version");
    assert!(place.ok("report latest").contains("Requests"));
}

#[test]
fn tags_notes_and_removal() {
    let place = Place::new();
    let real = place.record("-t 1s");
    for id in ["2026-03-01_000000_a", "2026-03-01_000000_b"] {
        place.copy(&real, id, |meta| meta["started"] = "2026-03-01T00:00:00Z".into());
    }
    assert!(place.ok("runs tag latest release v1").contains("release, v1"));
    assert!(place.ok("runs tag latest v1 --remove").ends_with(": release\n"));
    place.ok(&format!("runs note {real} before_the_fix"));
    let run = &place.json("runs --json --tag release")[0];
    assert_eq!((&run["id"], &run["note"]), (&real.as_str().into(), &"before_the_fix".into()));
    place.refused("runs tag latest a,b", 2, "without spaces and commas");

    // A member of a baseline goes only when it is one no longer.
    place.ok("runs tag latest baseline:main");
    place.refused("runs rm latest", 2, "member of the baseline \"main\"");
    place.ok("runs tag latest baseline:main --remove");
    place.refused("runs rm 2026-03-01", 2, "2 ids: 2026-03-01_000000_a, 2026-03-01_000000_b");
    // All ids are known before the first run goes.
    place.refused("runs rm 2026-03-01_000000_a nothing", 2, "no run \"nothing\"");
    assert!(place.runs().join("2026-03-01_000000_a").exists());
    place.ok("runs rm 2026-03-01_000000_a 2026-03-01_000000_b");
    assert_eq!(place.json("runs --json").as_array().map(Vec::len), Some(1));
    assert!(!place.runs().join("2026-03-01_000000_a").exists());
    place.refused("runs --json rm latest", 2, "no effect");
    place.ok("runs rm latest");
    place.refused("report latest", 2, "no runs in");
}

#[test]
fn no_id_leaves_the_folder_of_runs() {
    let place = Place::new();
    let real = place.record("-t 1s");
    // A folder of another kind beside the runs, which an id could reach.
    let other = place.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::copy(place.runs().join(&real).join("meta.json"), other.join("meta.json")).expect("a copy");
    let absolute = other.display().to_string();
    for id in ["../other", "./../other", &absolute, ".", "..", "*", "x\u{1b}[2J", "%2e%2e/other"] {
        for line in ["runs rm", "runs note ID x", "runs tag ID x", "runs export ID --out o", "report"] {
            let line = if line.contains("ID") { line.to_owned() } else { format!("{line} ID") };
            let words: Vec<&str> = line.split(' ').map(|word| if word == "ID" { id } else { word }).collect();
            let output = place.run_words(&words);
            assert_eq!(output.status.code(), Some(2), "{words:?}: {}", err(&output));
            assert!(err(&output).contains("no run ") && !err(&output).contains('\u{1b}'), "{}", err(&output));
        }
    }
    assert_eq!(place.run_words(&["runs", "rm", ""]).status.code(), Some(2));
    assert!(other.join("meta.json").exists() && !other.join("note").exists());
    // A link among the runs: it goes, what it leads to stays.
    std::os::unix::fs::symlink(&other, place.runs().join("2026-01-01_000000_link")).expect("a link");
    place.ok("runs rm 2026-01-01_000000_link");
    assert!(other.join("meta.json").exists() && !place.runs().join("2026-01-01_000000_link").exists());
}

#[test]
fn a_run_that_goes_on_is_listed_reported_and_not_removed() {
    let place = Place::new();
    let mut child = place.start("-t 5m");
    let is_there = |place: &Place| {
        let runs = place.json("runs --json");
        runs[0]["requests"].as_u64() > Some(0)
    };
    while !is_there(&place) {
        assert!(child.0.try_wait().expect("a child").is_none(), "it ended");
        std::thread::yield_now();
    }
    let run = place.json("runs --json")[0].clone();
    assert_eq!((&run["verdict"], &run["state"], &run["ended"]), (&"running".into(), &"running".into(), &().into()));
    assert!(place.ok("runs").contains("running"));
    place.refused("runs rm latest", 2, "is being written");
    let output = place.run("report latest --csv now");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("still goes on") && place.path().join("now_stats.csv").exists());
    // What is tagged now is still tagged when the run has ended.
    place.ok("runs tag latest live");
    command::signal("INT", child.0.id());
    assert!(child.0.wait().expect("an end").success());
    let run = &place.json("runs --json")[0];
    assert_eq!((&run["verdict"], &run["tags"]), (&"passed".into(), &["live"].as_slice().into()));

    let mut child = place.start("-t 5m");
    while place.json("runs --json --verdict running")[0]["requests"].as_u64() < Some(1) {
        std::thread::yield_now();
    }
    child.0.kill().expect("a live run");
    child.0.wait().expect("a dead run");
    let output = place.run("report latest --csv dead");
    assert!(output.status.success() && err(&output).contains("cut short"), "{}", err(&output));
    assert!(place.ok("runs").lines().nth(1).expect("a run").contains("cut short"));
}

#[test]
fn a_report_writes_every_format_as_the_run_did() {
    let place = Place::new();
    place.record("-t 1500ms --csv during");
    let said = place.ok("report latest --csv after/a");
    assert!(said.contains("wrote after/a_stats.csv"), "{said}");
    for file in ["stats", "failures", "exceptions"] {
        let during = fs::read(place.path().join(format!("during_{file}.csv"))).expect("a file");
        let after = fs::read(place.path().join(format!("after/a_{file}.csv"))).expect("a file");
        assert_eq!(String::from_utf8_lossy(&during), String::from_utf8_lossy(&after), "{file}");
    }
    // Every format has an option, and is named in the help.
    let help = place.ok("report --help");
    for format in katydid::report::FORMATS {
        assert!(help.contains(&format!("--{} <", format.name())), "{help}");
    }
    let text = place.ok("report latest");
    assert!(text.contains("VU-hours") && text.contains("Requests"), "{text}");
    fs::write(place.path().join("file"), "").expect("a file");
    place.refused("report latest --csv file/x", 1, "cannot write");
}

#[test]
fn runs_go_through_one_file() {
    let place = Place::new();
    let real = place.record("-t 1s");
    place.copy(&real, "2026-03-01_000000_a", |meta| meta["tags"] = ["x"].as_slice().into());
    place.ok(&format!("runs export latest 2026-03 {real} --out cache/runs.tar.zst"));
    let before = place.json("runs --json");
    let said = place.ok("runs import cache/runs.tar.zst --runs-dir other");
    assert_eq!(said.matches("added ").count(), 2, "{said}");
    let mut after = place.json("runs --json --runs-dir other");
    for (run, old) in after.as_array_mut().expect("an array").iter_mut().zip(before.as_array().expect("an array")) {
        run["folder"] = old["folder"].clone();
    }
    assert_eq!(after, before);
    let mode = |path: &Path| fs::metadata(path).expect("a folder").permissions().mode() & 0o777;
    assert_eq!(mode(&place.path().join("other").join(&real)), 0o700);
    assert_eq!(place.ok("report latest"), place.ok("report latest --runs-dir other"));
    assert!(place.ok("runs import cache/runs.tar.zst").contains("is already there"));
    place.refused("runs import none", 2, "cannot read none");
    fs::write(place.path().join("bad"), "no archive").expect("a file");
    place.refused("runs import bad", 1, "bad: ");
}

#[test]
fn a_folder_that_cannot_be_written_can_be_read() {
    let place = Place::new();
    let real = place.record("-t 1s");
    let everyone = |mode| {
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        for path in [place.runs(), place.runs().join(&real)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        }
        for file in fs::read_dir(place.runs().join(&real)).expect("a folder").flatten() {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(0o444)).expect("a mode");
        }
    };
    everyone(0o555);
    let list = place.run_as_nobody("runs --json");
    assert_eq!(list.status.code(), Some(0), "{}", err(&list));
    assert!(out(&list).contains(&real));
    let report = place.run_as_nobody("report latest");
    assert!(report.status.success() && out(&report).contains("Requests"), "{}", err(&report));
    for line in ["runs rm latest", "runs tag latest x", "runs note latest x"] {
        let output = place.run_as_nobody(line);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", err(&output));
        assert!(err(&output).contains("cannot change"), "{line}: {}", err(&output));
    }
    everyone(0o755);
    // Nothing is left of what was tried.
    assert_eq!(place.json("runs --json")[0]["tags"], serde_json::json!([]));
}

#[test]
fn the_commands_of_the_pages_run_in_their_order() {
    for (page, least) in [("docs/runs.md", 11), ("docs/reports.md", 3)] {
        let place = Place::new();
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
        let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
        assert!(commands.len() >= least, "{commands:?}");
        for line in commands {
            let output = place.shell(line);
            // The demo shop fails some of the requests, by design.
            let is_run = line.starts_with("katydid -f demo");
            let code = output.status.code();
            assert!(code == Some(0) || is_run && code == Some(1), "{line}: {code:?} {}", err(&output));
        }
    }
}

#[test]
fn a_run_writes_the_formats_of_its_flags() {
    let place = Place::new();
    place.record("-t 1s --html out/r.html --markdown out/r.md --junit out/r.xml --csv out/r");
    for (flag, file) in [("html", "r.html"), ("markdown", "r.md"), ("junit", "r.xml")] {
        let during = fs::read_to_string(place.path().join("out").join(file)).expect("a report");
        place.ok(&format!("report latest --{flag} again"));
        assert_eq!(during, fs::read_to_string(place.path().join("again")).expect("a report"), "{flag}");
    }
    assert!(fs::read_to_string(place.path().join("out/r.html")).expect("a page").starts_with("<!"));
    fs::write(place.path().join("file"), "").expect("a file");
    place.refused("-f s.yaml --headless -t 1s --html file/x", 2, "file/x");
}
