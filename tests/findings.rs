//! `katydid findings`: the findings page of recorded runs.

#[expect(dead_code, reason = "shared with the tests of the HTML report, which zooms its charts")]
#[path = "common/chromium.rs"]
mod chromium;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[path = "findings/evidence.rs"]
mod evidence;
#[expect(dead_code, reason = "shared with the tests of reports, which use the rest of it")]
#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/inert.rs"]
mod inert;
#[path = "findings/page.rs"]
mod page;
#[expect(dead_code, reason = "shared with the tests of recorded runs, which use the rest of it")]
#[path = "runs/place.rs"]
mod place;
#[path = "report/shown.rs"]
mod shown;

use std::fs;
use std::path::Path;

use command::{err, out};
use page::{section, table};
use place::Place;
use serde_json::Value;

/// Titles of all sections, in order.
const SECTIONS: [&str; 16] = [
    "Summary",
    "Set-up",
    "Configuration",
    "Results",
    "What is normal",
    "Stability",
    "VU-hours and cost",
    "Integration status",
    "Slowest rows",
    "Error patterns",
    "Decision matrix",
    "Success criteria",
    "Recommendation",
    "Team feedback",
    "Open questions",
    "Next steps",
];

/// Runs the embedded demo, whose server fails some requests by design, and returns the id of the run.
fn demo(place: &Place, flags: &str) -> String {
    let output = place.run(&format!("-f demo --headless --only-summary {flags}"));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", err(&output));
    let runs = place.json("runs --json");
    runs.as_array().and_then(|runs| runs.last()).expect("a run")["id"].as_str().expect("an id").to_owned()
}

/// The JSON report of a run.
fn document(place: &Place, id: &str) -> Value {
    place.ok(&format!("report {id} --json out/{id}.json"));
    let text = fs::read(place.path().join(format!("out/{id}.json"))).expect("a file");
    serde_json::from_slice(&text).expect("JSON")
}

/// p50 / p95 / p99 of a row and its number of requests, as shown on the page.
fn percentiles(row: &Value) -> String {
    let [requests, _, _, p50, p95, p99, _] = shown::key_figures(row);
    format!("{p50} / {p95} / {p99} ({requests})")
}

#[test]
fn numbers_in_markdown_and_html_equal_the_json_reports() {
    let place = Place::new();
    let ids = [demo(&place, "-u 6 -r 6 -t 2s"), demo(&place, "-u 3 -r 3 -t 2s --csv out/second")];
    let documents = ids.clone().map(|id| document(&place, &id));
    // The page sorts runs by start, regardless of the order of arguments.
    let markdown = place.ok(&format!("findings latest {}", ids[0]));
    let headings: Vec<&str> = markdown.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings[..16], SECTIONS);
    assert_eq!(headings[16..], ["Charts"]);

    let stdout = place.ok(&format!("findings {} latest --html out/page.html --md out/page.md", ids[0]));
    assert_eq!(stdout, "wrote out/page.md\nwrote out/page.html\n");
    let mut browser = chromium::Browser::start();
    let errors = browser.open(&place.path().join("out/page.html"), (1_280, 900), "light");
    assert!(errors.is_empty(), "{errors:#?}");
    let titles = page::texts(&mut browser, "main h2");
    assert_eq!(titles, SECTIONS);
    let results = page::cells(&mut browser, "#results tbody tr");
    let rows = table(section(&markdown, "Results"));
    for (at, document) in documents.iter().enumerate() {
        let load = &document["load"];
        let figures = shown::key_figures(&document["totals"]);
        for row in [&rows[at], &results[at]] {
            assert_eq!(row[0], format!("Run {}", at + 1));
            assert!(row[1].ends_with(document["verdict"]["word"].as_str().expect("a word")), "{row:?}");
            assert_eq!(row[2], load["users_peak"].to_string());
            assert_eq!(row[4..11], figures);
            assert_eq!(row[11], format!("{:.3}", load["vu_hours"].as_f64().expect("a number")));
        }
    }
    let slowest = table(section(&markdown, "Slowest rows"));
    let in_browser = page::cells(&mut browser, "#slowest tbody tr");
    assert!(slowest.len() >= 3, "{slowest:?}");
    assert_eq!(
        slowest.iter().map(|row| &row[1..]).collect::<Vec<_>>(),
        in_browser.iter().map(|row| &row[1..]).collect::<Vec<_>>()
    );
    for row in &slowest {
        for (at, document) in documents.iter().enumerate() {
            let name = |row: &Value| {
                format!("`{} {}`", row["type"].as_str().expect("a type"), row["name"].as_str().expect("a name"))
            };
            let known = document["rows"].as_array().expect("rows").iter().find(|known| name(known) == row[0]);
            let known = known.filter(|known| !known["response_time"].is_null());
            assert_eq!(row[at + 1], known.map_or("–".to_owned(), percentiles), "{row:?}");
        }
    }
    let failed: Vec<u64> = documents.iter().map(|d| d["totals"]["failures"].as_u64().expect("a count")).collect();
    let patterns = section(&markdown, "Error patterns");
    if failed.iter().sum::<u64>() == 0 {
        assert!(patterns.contains("No request failed."), "{patterns}");
    } else {
        let rows = table(patterns);
        let sum = |at: usize| rows.iter().map(|row| row[at + 2].parse::<u64>().expect("a count")).sum::<u64>();
        assert_eq!([sum(0), sum(1)], failed[..], "{patterns}");
    }
    // The range across runs consists of values of the runs.
    let across = table(section(&markdown, "What is normal").split("### Across the runs").nth(1).expect("a subsection"));
    let of = |percent: &str| {
        documents.each_ref().map(|d| shown::time(&d["totals"]["response_time"]["percentiles_ms"][percent]))
    };
    for (row, name) in across.iter().zip(["p50", "p95", "p99"]) {
        let known = of(name);
        assert_eq!(row[0], name);
        assert!(known.contains(&row[1]) && known.contains(&row[2]), "{row:?} {known:?}");
    }
}

#[test]
fn settings_have_origins_and_outputs_have_files() {
    let place = Place::new();
    place.ok("-f s.yaml --headless --only-summary -t 1s -u 2 --html out/a.html");
    let page = place.ok("findings latest");
    let configuration = section(&page, "Configuration");
    for line in
        ["| `users` | `2 (flag)` |", "| `spawn_rate` | `100 (scenario)` |", "| `runs_dir` | `runs (environment)` |"]
    {
        assert!(configuration.contains(line), "{line}: {configuration}");
    }
    let integrations = section(&page, "Integration status");
    assert!(integrations.contains("| HTML report | ✅ out/a.html (flag) |"), "{integrations}");
    assert!(
        integrations.contains("| CSV files | no |") && integrations.contains("| GraphQL tested | no |"),
        "{integrations}"
    );
    assert!(integrations.contains("no CI system was detected"), "{integrations}");
    let criteria = section(&page, "Success criteria");
    assert!(criteria.contains("- [ ] Set up GitHub Actions automation: none of these runs"), "{criteria}");
    assert!(criteria.contains("- [x] Create custom test scenarios: `s.yaml`"), "{criteria}");

    let mut command = command::katydid(place.path(), &["-f", "demo", "--headless", "--only-summary", "-t", "1s"]);
    command.env("KATYDID_RUNS_DIR", "runs").env("GITHUB_ACTIONS", "true").output().expect("it runs");
    let page = place.ok("findings latest");
    assert!(page.contains("- [x] Set up GitHub Actions automation: GitHub Actions started Run 1"), "{page}");
    assert!(
        page.contains("- [ ] Create custom test scenarios: these runs are of scenarios that come with katydid"),
        "{page}"
    );
    assert!(page.contains("| started by | `GitHub Actions` |"), "{page}");

    // A run of an older version, which did not record these keys.
    let id = demo(&place, "-t 1s");
    place.change(&id, |meta| {
        let meta = meta.as_object_mut().expect("an object");
        for key in ["settings", "ci", "is_embedded"] {
            assert!(meta.remove(key).is_some(), "{key}");
        }
    });
    let page = place.ok("findings latest");
    assert!(page.contains("recorded by a version of katydid that did not keep them"), "{page}");
    assert!(page.contains("unknown: an older version recorded the run"), "{page}");
}

#[test]
fn secrets_are_masked() {
    let place = Place::new();
    let scenario = "secrets: [TOKEN]\nusers: 1\ntasks: [{ steps: [{ get: '/a?{{ env.TOKEN }}' }] }]\n";
    fs::write(place.path().join("secret.yaml"), scenario).expect("a scenario");
    // Port 9 has no listener.
    let line =
        "-f secret.yaml --headless --only-summary -t 1s --host http://ada:S3cretPass@127.0.0.1:9 --csv out/S3cretToken";
    let mut command = command::katydid(place.path(), &line.split(' ').collect::<Vec<_>>());
    command.env("KATYDID_RUNS_DIR", "runs").env("TOKEN", "S3cretToken").output().expect("it runs");
    place.ok("findings latest --md f.md --html f.html");
    let run = place.json("runs --json")[0]["id"].as_str().expect("an id").to_owned();
    for file in [place.path().join("f.md"), place.path().join("f.html"), place.runs().join(run).join("meta.json")] {
        let text = fs::read_to_string(&file).expect("a file");
        assert!(!text.contains("S3cret") && text.contains("***"), "{}: {text}", file.display());
    }
}

#[test]
fn recommended_plan_depends_on_usage() {
    let place = Place::new();
    let id = place.record("-t 1s");
    let page = place.ok("findings latest");
    assert!(page.contains("**Recommended plan:** Free (200 VU-hours, \\$0 a month): the busiest month"), "{page}");
    place.copy(&id, "2026-01-05_100000_much", |meta| {
        meta["started"] = "2026-01-05T10:00:00Z".into();
        meta["outcome"]["totals"]["vu_hours"] = 313.0.into();
    });
    let page = place.ok(&format!("findings {id}"));
    let expected = "Premium (5,000 VU-hours, \\$399 a month): the busiest month (2026-01) used 313 VU-hours.";
    assert!(section(&page, "Recommendation").contains(expected), "{page}");
    let cost = section(&page, "VU-hours and cost");
    assert!(cost.contains("| 2026-01 | 1 | 313.000 | 156.5 % | \\$0 | 113 too many |"), "{cost}");
    let usage = place.json("usage --json");
    assert_eq!(usage["months"][0]["vu_hours"], 313.0);
    let page = place.ok(&format!("findings {id} --vu-plans Only:300:10 --vu-allowance 300 --vu-currency EUR_"));
    let expected =
        "none of the price list: the busiest month (2026-01) used 313 VU-hours, and the largest plan, Only, has 300.";
    assert!(section(&page, "Recommendation").contains(expected), "{page}");
    assert!(page.contains("EUR\\_10"), "{page}");
}

#[test]
fn invalid_arguments_are_rejected_and_unfinished_runs_are_marked() {
    let place = Place::new();
    place.refused("findings latest", 2, "no runs in");
    let id = place.record("-t 1s");
    place.refused("findings", 2, "<RUN>");
    place.refused("findings nothing", 2, "no run \"nothing\"");
    place.refused(&format!("findings latest {id}"), 2, "is named twice");
    place.refused("findings 1 2 3 4 5 6 7 8 9", 2, "at most 8 runs");
    place.refused("findings latest --html .", 1, "cannot write .");
    place.copy(&id, "2026-01-06_100000_killed", |meta| {
        meta["started"] = "2026-01-06T10:00:00Z".into();
        meta["ended"] = Value::Null;
        meta["outcome"] = Value::Null;
    });
    let output = place.run(&format!("findings 2026-01 {id}"));
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).contains("2026-01-06_100000_killed was cut short"), "{}", err(&output));
    let page = out(&output);
    assert!(section(&page, "Summary").contains("**Run 1:** ❌ cut short: The process was killed before"), "{page}");
    assert!(page.contains("| state | cut short: the process was killed | ran to its end |"), "{page}");
    assert!(page.contains("Repeat the runs that did not complete: 1 of 2 runs"), "{page}");
    // A run whose figures were removed.
    for file in fs::read_dir(place.runs().join(&id)).expect("a run").flatten() {
        if file.file_name() != "meta.json" {
            fs::remove_file(file.path()).expect("a file");
        }
    }
    place.refused(&format!("findings {id}"), 2, "were removed");
}

#[test]
fn documented_commands_run() {
    let place = Place::new();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md")).expect("a page");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for line in commands {
        let output = place.shell(line);
        // The demo server fails some requests by design, so that runs exit with 1.
        let is_run = line.starts_with("katydid -f demo");
        let code = output.status.code();
        assert!(code == Some(0) || is_run && code == Some(1), "{line}: {code:?} {}", err(&output));
    }
}
