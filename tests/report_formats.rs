//! Reports of one run in every format that is a file: what they say, that they agree, and that nothing in them can be
//! reached by what comes from outside.

#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/inert.rs"]
mod inert;
#[path = "report/junit_schema.rs"]
mod junit_schema;
#[path = "report/shown.rs"]
mod shown;

use fixture::hostile::HOSTILE;
use inert::markdown_is_inert;
use katydid::report::{FORMATS, format};
use katydid::stats::snapshot::Figures;
use katydid::store::{Meta, Run};
use katydid::units;
use serde_json::Value;

fn write(name: &str, run: &Run) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new folder/report");
    let format = format(name).expect("a format");
    format.check(&path).expect("a place to write");
    assert_eq!(format.write(&path, run).expect("it is written"), std::slice::from_ref(&path));
    assert_eq!(
        path.parent().and_then(|folder| folder.read_dir().ok()).map(Iterator::count),
        Some(1),
        "no temporary file stays"
    );
    std::fs::read_to_string(&path).expect("a file")
}

fn runs() -> Vec<(&'static str, Run)> {
    vec![
        ("run", fixture::run()),
        ("without thresholds", fixture::without_thresholds()),
        ("running", fixture::running()),
        ("cut short", fixture::cut_short()),
        ("open", fixture::open()),
        ("staged", fixture::staged()),
        ("empty", fixture::empty()),
        ("protocols", fixture::with_protocols()),
        ("hostile", fixture::hostile::run()),
        ("large", fixture::large(500, 200, 7_200)),
    ]
}

#[test]
fn hits_and_misses_are_in_text_and_markdown() {
    let run = fixture::with_protocols();
    for format in ["text", "markdown"] {
        let written = write(format, &run);
        for sentence in [
            "Redis: 8,125 hits, 1,876 misses, hit ratio 81.2 %",
            "Redis: REDIS GET: 8,125 hits, 1,875 misses, hit ratio 81.2 %",
            "Redis: REDIS HGET cart: 0 hits, 1 miss, hit ratio 0.0 %",
        ] {
            assert!(written.contains(sentence), "{format}: {written}");
        }
    }
}

#[test]
fn golden_files() {
    let run = fixture::run();
    insta::assert_snapshot!("markdown", write("markdown", &run));
    insta::assert_snapshot!("junit", write("junit", &run));
    insta::assert_snapshot!("text", write("text", &run));
    let mut document: Value = serde_json::from_str(&write("json", &fixture::with_protocols())).unwrap();
    for (name, kept) in [("series", 2), ("margins", 2)] {
        document[name].as_array_mut().unwrap().truncate(kept);
    }
    document["redis"]["over_time"].as_array_mut().unwrap().truncate(2);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn the_plan_of_an_open_model_has_arrivals_and_no_spawn_rate() {
    let plan = "to 20/s within 30s for 1m, 20/s until stopped, at most 40 busy users";
    let has_rate = |text: &str| text.contains("2.5/s") || text.contains("2.5&#x2f;s") || text.contains("40 users");
    for (name, words) in [
        ("text", format!(" planned: arrivals {plan}")),
        ("markdown", format!("planned: arrivals {plan}")),
        ("html", format!("<dt>Planned arrivals</dt><dd>{}", plan.replace('/', "&#x2f;"))),
    ] {
        let text = write(name, &fixture::open());
        assert!(text.contains(&words) && !has_rate(&text), "{name}: {text}");
        assert!(!write(name, &fixture::run()).contains("arrivals"), "{name}");
    }
    let of = |run: &Run| -> Value { serde_json::from_str::<Value>(&write("json", run)).unwrap()["run"].take() };
    let open = of(&fixture::open());
    let stages = serde_json::json!([
        { "rate_per_s": 20.0, "ramp_s": 30.0, "length_s": 60.0 },
        { "rate_per_s": 20.0, "ramp_s": 0.0, "length_s": null },
    ]);
    assert_eq!((&open["arrivals"], &open["spawn_rate_per_s"]), (&stages, &Value::Null));
    let staged = of(&fixture::staged());
    assert_eq!((&staged["arrivals"], &staged["spawn_rate_per_s"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(of(&fixture::run())["spawn_rate_per_s"], 2.5);
}

#[test]
fn every_json_document_fits_its_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/report.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, run) in runs() {
        let document: Value = serde_json::from_str(&write("json", &run)).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|e| format!("{} {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// The names in backticks in the first column of the first table after a heading.
fn first_column(page: &str, heading: &str) -> Vec<String> {
    let (_, after) = page.split_once(heading).expect("the heading");
    let rows = after.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let cells = rows.take_while(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_page_on_reports_has_every_format_and_every_field() {
    let read = |path| std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let page = read("docs/reports.md");
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    assert_eq!(first_column(&page, "# Reports"), names);
    let schema: Value = serde_json::from_str(&read("assets/report.schema.json")).unwrap();
    let fields =
        schema["properties"].as_object().unwrap().keys().filter(|name| !["format", "version"].contains(&&***name));
    let (mut fields, mut named): (Vec<String>, _) = (fields.cloned().collect(), first_column(&page, "## JSON"));
    fields.sort();
    named.sort();
    assert_eq!(named, fields);
}

#[test]
fn every_junit_file_fits_the_common_schema() {
    for (name, run) in runs() {
        let text = write("junit", &run);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
        junit_schema::check(&document);
    }
}

/// Names of the cases of a suite, each with the element that says how it ended.
fn cases(text: &str, suite: &str) -> Vec<(String, &'static str)> {
    let document = roxmltree::Document::parse(text).expect("XML");
    let suite = document.descendants().find(|node| node.attribute("name") == Some(suite)).expect("a suite");
    let ended = |case: &roxmltree::Node<'_, '_>| {
        let has = |name: &&str| case.children().any(|child| child.has_tag_name(*name));
        ["failure", "error", "skipped"].into_iter().find(has).unwrap_or("passed")
    };
    let cases = suite.children().filter(|node| node.has_tag_name("testcase"));
    cases.map(|case| (case.attribute("name").expect("a name").to_owned(), ended(&case))).collect()
}

#[test]
fn junit_fails_where_the_run_does() {
    let with = write("junit", &fixture::run());
    assert!(with.contains("22× Shopper: POST /checkout: undefined value in {{ basket.id }}"), "{with}");
    let ended = |text: &str, suite: &str| cases(text, suite).into_iter().map(|case| case.1).collect::<Vec<_>>();
    assert_eq!(ended(&with, "verdict"), ["failure"]);
    assert_eq!(ended(&with, "thresholds"), ["passed", "failure", "error", "passed"], "the last one is a warning");
    // By name: /checkout and /products have failures, but the thresholds decide.
    assert_eq!(ended(&with, "requests"), ["passed", "skipped", "passed", "passed"]);
    let without = write("junit", &fixture::without_thresholds());
    assert_eq!(ended(&without, "requests"), ["failure", "skipped", "failure", "passed"]);
    assert!(!without.contains("\"thresholds\""));
    for run in [fixture::running(), fixture::cut_short(), fixture::empty()] {
        assert_eq!(ended(&write("junit", &run), "verdict"), ["error"]);
    }
    let mut good = fixture::run();
    let mut meta = Meta::clone(&good.meta);
    meta.outcome.as_mut().unwrap().code = 0;
    good.meta = meta.into();
    assert_eq!(ended(&write("junit", &good), "verdict"), ["passed"]);
}

#[test]
fn the_sign_of_a_verdict_does_not_depend_on_the_exit_code() {
    for (verdict, code, [text, markdown, html, junit]) in [
        ("passed", 0, ["✓", "✅", "card verdict good", "passed"]),
        ("failed", 1, ["✗", "❌", "card verdict bad", "failure"]),
        // Failed requests need not fail the process, and JUnit reports what it did.
        ("failed", 0, ["✗", "❌", "card verdict bad", "passed"]),
        ("undecided", 3, ["?", "❔", "card verdict open", "failure"]),
        ("invalid", 5, ["✗", "❌", "card verdict bad", "failure"]),
    ] {
        let mut run = fixture::run();
        let mut meta = Meta::clone(&run.meta);
        let outcome = meta.outcome.as_mut().unwrap();
        (outcome.verdict, outcome.code) = (verdict.to_owned(), code);
        run.meta = meta.into();
        let shown = [
            (write("text", &run), format!(" {text} {verdict}: ")),
            (write("markdown", &run), format!("## {markdown} `checkout`: {verdict}")),
            (write("html", &run), format!("class=\"{html}\"")),
        ];
        for (report, wanted) in shown {
            assert!(report.contains(&wanted), "{verdict} {code}: {wanted}\n{}", &report[..report.len().min(600)]);
        }
        let found = cases(&write("junit", &run), "verdict");
        assert_eq!(found.iter().map(|case| case.1).collect::<Vec<_>>(), [junit], "{verdict} {code}");
    }
}

#[test]
fn every_format_says_first_that_a_run_was_cut_short_or_goes_on() {
    for name in ["text", "markdown", "junit", "json", "html"] {
        let start = |run: &Run| {
            let text = write(name, run);
            let from = text.find("<main>").unwrap_or(0);
            text[from..].chars().take(1_000).collect::<String>()
        };
        let (cut, running, ended) = (start(&fixture::cut_short()), start(&fixture::running()), start(&fixture::run()));
        assert!(cut.contains("cut short") && cut.contains("The process was killed"), "{cut}");
        assert!(running.contains("The run is not over"), "{running}");
        assert!(ended.contains("failed") && ended.contains("measured 0.22 %"), "{ended}");
    }
}

#[test]
fn all_formats_of_a_run_agree_to_the_digit() {
    let run = fixture::with_protocols();
    let document: Value = serde_json::from_str(&write("json", &run)).unwrap();
    let (markdown, junit, text) = (write("markdown", &run), write("junit", &run), write("text", &run));
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), run.last.endpoints.len());
    for row in rows.iter().chain([&document["totals"]]).filter(|row| row["requests"] != 0) {
        let cells = shown::key_figures(row);
        assert!(markdown.contains(&format!("| {} |", cells.join(" | "))), "{cells:?}\n{markdown}");
        let [requests, failed, rate, p50, p95, p99, max] = &cells;
        let sentence =
            format!("{requests} requests, {failed} failed, {rate}/s, p50 {p50}, p95 {p95}, p99 {p99}, max {max}");
        assert!(junit.contains(&sentence), "{sentence}\n{junit}");
    }
    let [requests, _, rate, p50, p95, p99, max] = shown::key_figures(&document["totals"]);
    let failed = units::count(document["totals"]["failures"].as_u64().unwrap());
    let line = format!("{requests:>9} {failed:>7} {rate:>8} {p50:>7} {p95:>7} {p99:>7} {max:>7}");
    assert!(text.contains(&line), "{line}\n{text}");
    // And all of them are those of the run.
    let Figures { requests, failures, response, .. } = &run.last.total.total;
    assert_eq!(document["totals"]["requests"].as_u64(), Some(*requests));
    assert_eq!(document["totals"]["failures"].as_u64(), Some(*failures));
    assert_eq!(document["totals"]["response_time"]["max_ms"], response.max.as_micros() as f64 / 1e3);
    for text in [&markdown, &junit, &text] {
        for threshold in document["thresholds"].as_array().unwrap() {
            let margin = threshold["margin_ratio"].as_f64().map(|ratio| format!("{:+.1} %", ratio * 100.0));
            for part in [threshold["measured"].as_str(), margin.as_deref()].into_iter().flatten() {
                assert!(text.contains(part), "{part}\n{text}");
            }
        }
    }
}

#[test]
fn hostile_text_is_only_text() {
    let run = fixture::hostile::run();
    let text = write("text", &run);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n') && !text.contains('\u{202e}'), "{text}");
    let junit = write("junit", &run);
    let document = roxmltree::Document::parse(&junit).unwrap();
    assert!(document.descendants().all(|node| !["script", "img"].contains(&node.tag_name().name())));
    let json: Value = serde_json::from_str(&write("json", &run)).unwrap();
    assert_eq!(json["run"]["scenario"], HOSTILE, "a program gets what was there");
    markdown_is_inert(&write("markdown", &run));
}

#[test]
fn markdown_fits_into_a_comment() {
    let mut largest = fixture::large(500, 200, 60);
    let last = std::sync::Arc::make_mut(&mut largest.last);
    let mut one = fixture::judgements().remove(0);
    one.words = "`|\u{1f980}".repeat(2_000).into();
    one.value = Some("\u{1f980}".repeat(9_000).into());
    last.judgements = std::sync::Arc::new(vec![one; 400]);
    for row in &mut last.endpoints {
        row.name = "`|\u{1f980}".repeat(2_000).into();
    }
    for row in &mut last.failures.rows {
        (row.name, row.reason) = ("`|\u{1f980}".repeat(2_000).into(), "\u{1f980}".repeat(9_000).into());
    }
    let text = write("markdown", &largest);
    assert!(text.len() <= 65_536, "{}", text.len());
    assert!(text.contains("sections are left out") && text.contains("### Thresholds"));
    assert!(write("markdown", &fixture::large(500, 200, 60)).contains("more rows"));
}

#[test]
fn a_page_is_small() {
    for (run, most) in [
        (fixture::run(), 1_000_000),
        (fixture::large(20, 10, 7_200), 1_000_000),
        (fixture::large(500, 200, 86_400), 2_000_000),
    ] {
        let page = write("html", &run);
        assert!(page.len() < most, "{} of {most} bytes", page.len());
        assert!(page.ends_with("</html>\n"), "{}", &page[page.len() - 300..]);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["text", "markdown", "junit", "json", "html"] {
        let format = format(name).unwrap();
        let error = format.check(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&folder.path().display().to_string()) && error.contains("nothing was written"),
            "{error}"
        );
        std::fs::write(folder.path().join("file"), "").unwrap();
        for path in [folder.path().join("file/below"), "/proc/nothing/here".into(), "/proc/here".into()] {
            for error in [format.check(&path).unwrap_err(), format.write(&path, &fixture::run()).unwrap_err()] {
                let error = error.to_string();
                assert!(error.starts_with(&format!("cannot write {}: ", path.display())), "{error}");
                assert!(!error.contains("os error") && !error.contains(".katydid-"), "{error}");
            }
        }
    }
}
