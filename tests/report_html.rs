//! The HTML report as a browser shows it.

#[path = "common/chromium.rs"]
mod chromium;
#[expect(dead_code, reason = "shared with the tests of the other formats, which use the rest of it")]
#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/shown.rs"]
mod shown;

use std::path::{Path, PathBuf};

use chromium::Browser;
use katydid::report::format;
use katydid::store::Run;
use serde_json::Value;

const WIDE: (u32, u32) = (1_280, 900);
const NARROW: (u32, u32) = (390, 844);

fn page(folder: &Path, run: &Run) -> PathBuf {
    let path = folder.join("report.html");
    format("html").expect("a format").write(&path, run).expect("it is written");
    path
}

/// The texts of all elements that a selector finds.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(element => element.textContent.trim())"
    ));
    serde_json::from_value(found).expect("strings")
}

/// The rows of a table, cell by cell.
fn table(browser: &mut Browser, selector: &str) -> Vec<Vec<String>> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(row => Array.from(row.cells).map(cell => cell.textContent.trim()))"
    ));
    serde_json::from_value(found).expect("strings")
}

#[test]
fn nothing_complains_and_nothing_is_fetched() {
    let folder = tempfile::tempdir().expect("no error here");
    let mut browser = Browser::start();
    for (name, run) in [
        ("ordinary", fixture::run()),
        ("running", fixture::running()),
        ("cut short", fixture::cut_short()),
        ("empty", fixture::empty()),
        ("protocols", fixture::with_protocols()),
        ("hostile", fixture::hostile::run()),
        ("large", fixture::large(500, 200, 86_400)),
    ] {
        let path = page(folder.path(), &run);
        for (size, theme) in [(WIDE, "light"), (NARROW, "dark")] {
            let wrong = browser.open(&path, size, theme);
            assert!(wrong.is_empty(), "{name}: {wrong:#?}");
            let width = browser.evaluate("document.documentElement.scrollWidth").as_u64().expect("no error here");
            assert!(width <= size.0.into(), "{name}: the page scrolls sideways, {width} of {}", size.0);
            assert_eq!(browser.evaluate("typeof window.hacked"), "undefined", "{name}");
            assert_eq!(browser.evaluate("document.scripts.length"), 3, "{name}");
            let loaded =
                "document.querySelectorAll('img, iframe, link, a:not([href^=\"https://traces.example.com/\"])').length";
            assert_eq!(browser.evaluate(loaded), 0, "{name}");
            let charts =
                browser.evaluate("document.querySelectorAll('canvas').length").as_u64().expect("no error here");
            assert_eq!(charts > 0, name != "empty", "{name}");
        }
    }
}

#[test]
fn the_policy_lets_no_other_script_run() {
    let folder = tempfile::tempdir().expect("no error here");
    let mut browser = Browser::start();
    let path = page(folder.path(), &fixture::run());
    browser.open(&path, WIDE, "light");
    browser.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked=1\">');
         const script = document.createElement('script'); script.textContent = 'window.hacked=1';
         document.body.append(script);
         fetch('http://127.0.0.1:9/').catch(() => 1)",
    );
    let wrong = browser.complaints("");
    assert!(wrong.iter().any(|line| line.contains("Content Security Policy")), "{wrong:#?}");
    assert_eq!(browser.evaluate("typeof window.hacked"), "undefined");
}

#[test]
fn the_numbers_on_the_page_are_those_of_the_run() {
    let folder = tempfile::tempdir().expect("no error here");
    let run = fixture::with_protocols();
    let json = folder.path().join("report.json");
    format("json").expect("no error here").write(&json, &run).expect("no error here");
    let document: Value = serde_json::from_slice(&std::fs::read(json).expect("no error here")).expect("no error here");
    let mut browser = Browser::start();
    let path = page(folder.path(), &run);
    browser.open(&path, WIDE, "light");

    assert_eq!(texts(&mut browser, "#verdict .word"), ["failed"]);
    assert_eq!(texts(&mut browser, "#reason"), [document["verdict"]["reason"].as_str().expect("no error here")]);
    assert_eq!(texts(&mut browser, "#key-figures dd"), shown::key_figures(&document["totals"]));
    let rows = table(&mut browser, "#rows tbody tr");
    let percentiles = table(&mut browser, "#percentiles tbody tr");
    let known = document["rows"].as_array().expect("no error here");
    assert_eq!((rows.len(), percentiles.len()), (known.len(), known.len()));
    for ((row, times), known) in rows.iter().zip(&percentiles).zip(known) {
        let name = format!(
            "{}{}",
            known["type"].as_str().expect("no error here"),
            known["name"].as_str().expect("no error here")
        );
        assert_eq!((&row[0], &times[0]), (&name, &name));
        let [requests, failed, rate, p50, p95, p99, max] = shown::key_figures(known);
        let [mean, min] = ["mean_ms", "min_ms"].map(|field| shown::time(&known["response_time"][field]));
        assert_eq!(row[1..10], [requests, failed, rate, mean, min, p50, p95, p99, max]);
        if let Some(known) = known["response_time"]["percentiles_ms"].as_object() {
            assert_eq!(times[1..], known.values().map(shown::time).collect::<Vec<_>>());
        }
    }
    let thresholds = table(&mut browser, "#thresholds tbody tr");
    for (cells, known) in thresholds.iter().zip(document["thresholds"].as_array().expect("no error here")) {
        assert!(cells[1].starts_with(known["words"].as_str().expect("no error here")));
        let margin =
            known["margin_ratio"].as_f64().map_or("–".to_owned(), |ratio| format!("{:+.1} %", ratio * 100.0));
        assert_eq!(cells[3], margin);
    }
    assert_eq!(thresholds.len(), 4);
    assert_eq!(texts(&mut browser, "#failures summary .count"), ["11×", "2×", "1×"]);
    let examples = texts(&mut browser, "#failures pre");
    let printed = ["POST https://shop.example.com/checkout", "1 Main Street", "retry-after: 2", "<p>Try later.</p>"];
    assert!(printed.iter().zip(&examples).all(|(printed, example)| example.contains(printed)), "{examples:?}");
    assert_eq!(table(&mut browser, "#graphql tbody tr")[0][1..5], ["4", "12", "200", "46.5"]);
    assert_eq!(table(&mut browser, "#redis tbody tr")[1][1..4], ["1,000", "4,000", "0"]);
    let hits = table(&mut browser, "#redis-hits tbody tr");
    assert_eq!(hits[0][1..4], ["8,125", "1,875", "81.2 %"]);
    assert_eq!(hits[2], ["Aggregated", "8,125", "1,876", "81.2 %"]);
    assert_eq!(browser.evaluate("document.querySelectorAll('#chart-redis-hits canvas').length"), 1);
    let ratio = "JSON.parse(document.getElementById('data').textContent).redis.hits[2]";
    // 62 hits and 20 misses.
    assert!(browser.evaluate(ratio).as_f64().is_some_and(|ratio| (ratio - 0.756).abs() < 0.001));
    let second = &document["redis"]["over_time"][1];
    for (chart, field) in
        [("memory", "memory_bytes"), ("clients", "clients"), ("ops", "commands_per_s"), ("delivery", "delivery_p95_ms")]
    {
        let drawn = format!("document.querySelectorAll('#chart-redis-{chart} canvas').length");
        assert_eq!(browser.evaluate(&drawn), 1, "{chart}");
        let value = format!("JSON.parse(document.getElementById('data').textContent).redis.{chart}[1]");
        let (shown, known) = (browser.evaluate(&value).as_f64(), second[field].as_f64());
        let is_close = shown.zip(known).is_some_and(|(shown, known)| (shown - known).abs() < 0.001);
        assert!(is_close, "{chart}: {shown:?}, not {known:?}");
    }
    let scenario = texts(&mut browser, "#scenario pre");
    assert_eq!(scenario, [document["run"]["scenario_text"].as_str().expect("no error here").trim()]);
    let facts = texts(&mut browser, "#facts dd").join("\n");
    for fact in ["18446744073709551557", "EPYC 7B13", "release-12", "0.1.0"] {
        assert!(facts.contains(fact), "{facts}");
    }
    let events = texts(&mut browser, "#events li");
    assert_eq!(events, ["00:20 stage soak", "01:00 users 50 → 60"]);
}

#[test]
fn charts_zoom_together_and_tables_are_sorted_and_filtered() {
    let folder = tempfile::tempdir().expect("no error here");
    let mut browser = Browser::start();
    let path = page(folder.path(), &fixture::large(60, 5, 600));
    browser.open(&path, WIDE, "light");
    let drawn = |browser: &mut Browser| {
        browser.evaluate("['users', 'requests', 'times', 'failures'].map(name => document.querySelector('#chart-' + name + ' canvas').toDataURL())")
    };
    let whole = drawn(&mut browser);
    browser.evaluate("document.getElementById('chart-users').scrollIntoView({ block: 'center' })");
    let place: Vec<f64> = serde_json::from_value(browser.evaluate(
        "(() => { const b = document.querySelector('#chart-users .u-over').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()",
    ))
    .expect("no error here");
    let at = |part: f64| (place[0] + place[2] * part, place[1] + place[3] / 2.0);
    browser.drag(at(0.25), at(0.5));
    let frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))";
    browser.evaluate(frames);
    let zoomed = drawn(&mut browser);
    for chart in 0..4 {
        assert_ne!(whole[chart], zoomed[chart], "chart {chart} has the same range as before");
    }
    assert_eq!(browser.evaluate("document.getElementById('reset').disabled"), false);
    browser.evaluate("document.getElementById('reset').click()");
    browser.evaluate(frames);
    assert_eq!(browser.evaluate("document.getElementById('reset').disabled"), true);

    // A logarithmic scale changes the chart of response times, and no other.
    let mut pressed = || {
        browser.evaluate("document.getElementById('log').click()");
        browser.evaluate(frames);
        drawn(&mut browser)
    };
    let [logarithmic, linear, again] = [pressed(), pressed(), pressed()];
    for chart in 0..4 {
        assert_eq!(linear[chart] != logarithmic[chart], chart == 2, "chart {chart}");
        assert_eq!(again[chart], logarithmic[chart], "chart {chart}");
    }

    let sorted = |browser: &mut Browser| -> Vec<f64> {
        let column =
            "Array.from(document.querySelectorAll('#rows tbody tr')).map(row => Number(row.cells[7].dataset.v))";
        serde_json::from_value(browser.evaluate(column)).expect("no error here")
    };
    browser.evaluate("document.querySelectorAll('#rows thead button')[7].click()");
    assert!(sorted(&mut browser).is_sorted_by(|a, b| a >= b), "the slowest come first");
    browser.evaluate("document.querySelectorAll('#rows thead button')[7].click()");
    assert!(sorted(&mut browser).is_sorted());
    browser.evaluate(
        "const filter = document.getElementById('filter'); filter.value = 'THINGS/01'; filter.dispatchEvent(new Event('input'))",
    );
    assert_eq!(browser.evaluate("document.querySelectorAll('#rows tbody tr:not([hidden])').length"), 10);
}

#[test]
fn the_theme_is_that_of_the_system_until_it_is_switched() {
    let folder = tempfile::tempdir().expect("no error here");
    let mut browser = Browser::start();
    let path = page(folder.path(), &fixture::run());
    let background = "getComputedStyle(document.body).backgroundColor";
    browser.open(&path, WIDE, "light");
    let light = browser.evaluate(background);
    browser.evaluate("document.getElementById('theme').click()");
    let dark = browser.evaluate(background);
    assert_ne!(light, dark);
    browser.evaluate("document.getElementById('theme').click()");
    assert_eq!(browser.evaluate(background), light);
    browser.open(&path, WIDE, "dark");
    assert_eq!(browser.evaluate(background), dark);
    // On paper all is open, and light.
    browser.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.evaluate(background), light);
    assert_eq!(browser.evaluate("document.querySelectorAll('details:not([open])').length"), 0);
    // Two charts fit beside each other on A4.
    let widest = "Math.max(...Array.from(document.querySelectorAll('.uplot canvas'), canvas => canvas.clientWidth))";
    assert!((250..=330).contains(&browser.evaluate(widest).as_u64().expect("charts")));
    browser.evaluate("window.dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.evaluate(background), dark);
    assert!(browser.complaints("").is_empty());
}
