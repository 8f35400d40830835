//! `katydid usage`: months, shares and costs, and the budget of a run.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::command::{err, out};
use super::place::Place;

fn close(value: &Value, wanted: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - wanted).abs() < 1e-6)
}

/// A place with three runs in October and November.
fn used() -> Place {
    let place = Place::new();
    let real = place.record("-t 1s");
    for (id, started, scenario, vu_hours) in [
        ("2026-10-31_235900_a", "2026-10-31T23:59:00Z", "a", 60.0),
        ("2026-11-01_000100_a", "2026-11-01T00:01:00Z", "a", 30.0),
        ("2026-11-02_000000_b", "2026-11-02T00:00:00Z", "b", 20.0),
    ] {
        place.copy(&real, id, |meta| {
            (meta["started"], meta["scenario"]) = (started.into(), scenario.into());
            meta["outcome"]["totals"]["vu_hours"] = vu_hours.into();
        });
    }
    fs::remove_dir_all(place.runs().join(real)).expect("a folder");
    place
}

#[test]
fn usage_is_by_month_scenario_and_host_against_the_allowance() {
    let place = used();
    let usage = place.json("usage --json --vu-price 50");
    let months = usage["months"].as_array().expect("months");
    let names: Vec<&str> = months.iter().filter_map(|month| month["month"].as_str()).collect();
    assert_eq!(names, ["2026-10", "2026-11"]);
    let november = &months[1];
    assert!(close(&november["vu_hours"], 50.0) && close(&november["share"], 0.25), "{november}");
    assert!(close(&november["cost"], 12.5) && november["runs"] == 2, "{november}");
    let rows = november["rows"].as_array().expect("rows");
    assert!(rows[0]["scenario"] == "a" && close(&rows[0]["vu_hours"], 30.0) && rows[0]["host"].is_string(), "{rows:?}");

    let table = place.ok("usage --month 2026-11 --vu-allowance 40");
    assert_eq!(table.matches("2026-11").count(), 4, "{table}");
    assert!(table.contains("125 %") && table.contains("10 VU-hours too many in 2026-11"), "{table}");
    let table = place.ok("usage --month 2026-10");
    assert!(table.contains("30 %") && table.contains("allowance: 200 VU-hours a month ($0); 140 left"), "{table}");
    place.refused("usage --month November", 2, "such as 2026-11");
    place.refused("usage --vu-allowance 0", 2, "above 0");
    place.refused("usage --vu-plans Free:many:0", 2, "NAME:VU-HOURS:PRICE");

    // A run that its user removes has been paid for all the same.
    place.ok("runs rm 2026-11-02");
    assert_eq!(place.json("runs --json").as_array().map(Vec::len), Some(2));
    assert_eq!(&place.json("usage --json --vu-price 50")["months"][1], november);
    let kept = fs::read_to_string(place.runs().join(".removed/2026-11-02_000000_b/meta.json")).expect("a file");
    assert!(!kept.contains("get:"), "what was run is gone: {kept}");
}

#[test]
fn a_run_counts_in_the_month_of_the_zone_in_which_it_began() {
    let place = used();
    for (zone, october) in [("UTC", 60.0), ("America/New_York", 90.0), ("Europe/Berlin", 0.0)] {
        let output = place.run_in_zone("usage --json --month 2026-10", zone);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let usage: Value = serde_json::from_str(&out(&output)).expect("JSON");
        let months = usage["months"].as_array().expect("months");
        assert!(
            close(months.first().map_or(&Value::from(0.0), |month| &month["vu_hours"]), october),
            "{zone}: {usage}"
        );
    }
}

#[test]
fn a_calculation_says_what_fits() {
    let place = Place::new();
    let text = place.ok("usage calc --users 50 --duration 2h");
    assert!(text.contains("100 VU-hours, 50 % of the allowance of 200"), "{text}");
    let text = place.ok("usage calc --users 50 --duration 10h");
    for words in ["500 VU-hours", "250 %", "20 users for 10h", "50 users for 4h", "Premium, 5,000 VU-hours for $399"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json = place.json("usage calc --users 50 --duration 10h --json");
    assert!(
        json["fits"] == false && json["would_fit"]["users"] == 20 && json["next_plan"]["name"] == "Premium",
        "{json}"
    );
    let text = place.ok("usage calc --users 50 --duration 2h --vu-allowance 5000 --vu-currency EUR_");
    assert!(text.contains("2 % of the allowance of 5,000 a month (EUR_399)"), "{text}");
    place.refused("usage calc --users many --duration 2h", 2, "--users");
}

#[test]
fn a_budget_refuses_a_run_that_is_planned_above_it_and_stops_one_that_reaches_it() {
    let place = Place::new();
    // 3 users for an hour.
    place.refused("-f s.yaml --headless -t 1h --vu-budget 2.5", 2, "planned with 3.000 VU-hours");
    assert!(!place.runs().exists(), "nothing was started");
    place.refused("-f s.yaml --headless --vu-budget -1", 2, "--vu-budget");
    // 3 users without an end: 3.6 seconds of a user.
    let output = place.run("-f s.yaml --headless --only-summary --vu-budget 0.001");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let run = &place.json("runs --json")[0];
    let vu_hours = run["vu_hours"].as_f64().expect("a number");
    // Running tasks may finish.
    assert!((0.001..0.01).contains(&vu_hours), "{run}");
    assert!(run["reason"].as_str().expect("a reason").contains("budget"), "{run}");
    let folder = place.runs().join(run["id"].as_str().expect("an id"));
    let events = fs::read_to_string(folder.join("events.jsonl")).expect("a file");
    assert!(events.contains("the budget of 0.001 VU-hours is used up"), "{events}");
    assert!(place.ok("report latest").contains("budget"), "{}", place.ok("report latest"));
}

#[test]
fn a_run_that_is_planned_above_what_is_left_of_the_month_is_warned_of() {
    let place = Place::new();
    place.record("-t 1s");
    let line = |words: &str| {
        let said = err(&place.run(&format!("-f s.yaml --headless --only-summary {words}")));
        said.lines().find(|line| line.contains("of this month are left")).map(str::to_owned)
    };
    // 3 users for two seconds are 0.0017 VU-hours; as many as that were used before.
    assert_eq!(line("-t 2s"), None);
    let words = line("-t 2s --vu-allowance 0.001").expect("a warning");
    assert!(words.contains("this run is planned with 0.002 VU-hours, and 0"), "{words}");
    // Who has used all of it has none left.
    assert!(line("-t 1s --vu-allowance 0.0001").is_some_and(|words| words.contains("and 0 of the 0 of this month")));
}

#[test]
fn the_commands_of_the_page_run() {
    let place = Place::new();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/usage.md")).expect("a page");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for line in commands {
        let output = place.shell(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", err(&output));
    }
}
