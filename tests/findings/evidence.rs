//! The page of constructed runs: hostile, empty, long, and many.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use katydid::report::allowance::Allowance;
use katydid::report::findings_page::Evidence;
use katydid::settings::Settings;
use katydid::store::Run;
use katydid::store::usage::{Usage, Used};

use super::chromium::Browser;
use super::page::{section, texts};
use super::{fixture, inert};

const WIDE: (u32, u32) = (1_280, 900);
const NARROW: (u32, u32) = (390, 844);

/// The page as Markdown and as HTML.
fn pages(runs: &[Run]) -> [String; 2] {
    let settings = Settings::default();
    let used = |month: &str, vu_hours| Used {
        month: month.to_owned(),
        scenario: "checkout".to_owned(),
        host: "h".to_owned(),
        runs: 2,
        seconds: 240.0,
        vu_hours,
    };
    let usage = Usage { rows: vec![used("2026-10", 12.0), used("2026-11", 150.5)], unknown: 1 };
    let evidence = Evidence {
        runs,
        usage: &usage,
        allowance: &Allowance::new(&settings),
        zone: &TimeZone::UTC,
        now: Timestamp::from_second(1_795_500_000).expect("a time"),
    };
    [evidence.markdown(), evidence.html()]
}

fn markdown(runs: &[Run]) -> String {
    let [markdown, _] = pages(runs);
    markdown
}

/// A complete test of two hours with 50 users, without significant trends.
fn complete() -> Run {
    let mut run = fixture::large(3, 0, 7_200);
    let last = Arc::make_mut(&mut run.last);
    let mut drift = last.drifts[0].clone();
    (drift.is_significant, drift.words) = (false, "p95: no trend (would have seen 0.9ms an hour)".into());
    last.drifts = Arc::new(vec![drift]);
    last.judgements = Arc::new(vec![fixture::judgements().remove(0)]);
    last.load.vu_hours = 99.9;
    run
}

#[test]
fn markdown_matches_the_snapshot() {
    let page = markdown(&[fixture::run(), fixture::with_protocols()]);
    let (text, charts) = page.split_once("## Charts").expect("charts");
    insta::assert_snapshot!("markdown", text);
    assert_eq!(charts.matches("<svg ").count(), 4, "{charts}");
    // Viewers that strip SVG tags leave no text behind.
    let picture = charts.split("<svg ").nth(1).and_then(|rest| rest.split("</svg>").next()).expect("a picture");
    let remaining: String =
        picture.split_once('>').expect("a tag").1.split('<').filter_map(|part| part.split('>').nth(1)).collect();
    assert_eq!(remaining.trim(), "");
    assert!(!picture.contains("\n\n"), "an empty line ends inline HTML");
}

#[test]
fn only_met_criteria_are_ticked() {
    let page = markdown(&[complete(), complete()]);
    let criteria = section(&page, "Success criteria");
    for line in [
        "- [x] Complete two load tests of 2 hours with 50 users each: 2 of 2: Run 1, Run 2",
        "- [x] Integrate with Datadog: Run 1: Datadog: 14 of 14 requests delivered; Run 2: Datadog: 14 of 14 requests delivered",
        "- [ ] Slack notifications work: none of these runs sent anything there",
        "- [ ] Test GraphQL endpoints: no such request in these runs",
        "- [ ] Test Redis publish and subscribe: no message was delivered in these runs",
        "- [x] All thresholds passed: 2 of 2",
        "- [x] Fewer than 1 % of requests fail: Run 1: 0.22 %, Run 2: 0.22 %",
        "- [x] Performance does not degrade over time: nothing gets worse in both runs",
    ] {
        assert!(criteria.contains(line), "{line}: {criteria}");
    }
    // A falling metric is an improvement, except for throughput. Trends of invalid runs are ignored.
    let drifting = |metric: &str, slope: f64, verdict: &str| {
        let mut run = complete();
        let drift = &mut Arc::make_mut(&mut Arc::make_mut(&mut run.last).drifts)[0];
        (drift.metric, drift.slope, drift.is_significant) = (metric.into(), slope, true);
        Arc::make_mut(&mut run.meta).outcome.as_mut().expect("it has one").verdict = verdict.to_owned();
        markdown(&[run])
    };
    for (metric, slope, verdict, expected) in [
        ("p95", -0.1, "passed", "- [x] Performance does not degrade over time: nothing gets worse in the run"),
        ("p95", 0.1, "passed", "- [ ] Performance does not degrade over time: figures get worse in the run"),
        ("throughput", -0.1, "passed", "- [ ] Performance does not degrade over time: figures get worse in the run"),
        ("p95", 0.1, "invalid", "- [ ] Performance does not degrade over time: no run with usable figures"),
    ] {
        let page = drifting(metric, slope, verdict);
        assert!(page.contains(expected), "{metric} {slope} {verdict}: {page}");
    }
    // Two tests are required; a run that was too short does not count.
    let mut shorter = complete();
    Arc::make_mut(&mut shorter.last).elapsed = Duration::from_secs(7_199);
    let page = markdown(&[complete(), shorter]);
    assert!(page.contains("- [ ] Complete two load tests of 2 hours with 50 users each: 1 of 2: Run 1"), "{page}");
    let page = markdown(&[fixture::with_protocols()]);
    let criteria = section(&page, "Success criteria");
    for line in [
        "- [x] Test GraphQL endpoints: Run 1: 400 requests of 1 row, 2 failed",
        "- [x] Test Redis publish and subscribe: Run 1: 1,000 published, 3,984 delivered, 6 lost",
        "- [ ] All thresholds passed: 1 of 3",
        "- [ ] Performance does not degrade over time: figures get worse in the run",
    ] {
        assert!(criteria.contains(line), "{line}: {criteria}");
    }
    let page = markdown(&[fixture::running()]);
    assert!(page.contains("so far; not all runs have a verdict"), "{page}");
    assert!(page.contains("- [ ] p95 is below 500 ms: Run 1: 72ms so far"), "{page}");
}

#[test]
fn matrix_has_seven_criteria_with_weights_that_sum_to_100_percent() {
    let page = markdown(&[fixture::run()]);
    let rows = super::table(section(&page, "Decision matrix"));
    assert_eq!(rows.len(), 8);
    let weight = |row: &Vec<String>| row[2].trim_matches('*').trim_end_matches(" %").parse::<u32>().expect("a weight");
    assert_eq!((rows[..7].iter().map(weight).sum::<u32>(), weight(&rows[7])), (100, 100));
    assert!(rows.iter().all(|row| row[3..].iter().all(String::is_empty)), "scores are blank: {rows:?}");
}

#[test]
fn runs_without_usable_figures_are_marked() {
    let page = markdown(&[fixture::empty()]);
    for expected in [
        "**Normal:** unknown: no run has usable figures",
        "Run 1: nothing was measured",
        "Not a measure of what is normal: it has no responses.",
        "No request got a response.",
        "No request failed.",
        "- [ ] Fewer than 1 % of requests fail: Run 1: it has no responses",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    let mut failing = fixture::run();
    let total = &mut Arc::make_mut(&mut failing.last).total.total;
    total.failures = total.requests;
    assert!(markdown(&[failing]).contains("Not a measure of what is normal: every request failed."));
    let mut invalid = fixture::run();
    Arc::make_mut(&mut invalid.meta).outcome.as_mut().expect("it has one").verdict = "invalid".to_owned();
    let page = markdown(&[fixture::run(), invalid]);
    assert!(page.contains("Excluded: Run 2 (the load generator was the bottleneck)."), "{page}");
}

#[test]
fn text_from_outside_is_escaped() {
    let runs = [fixture::hostile::run(), fixture::with_protocols()];
    let [markdown, html] = pages(&runs);
    inert::markdown_is_inert(&markdown);
    assert!(!html.chars().any(|c| c.is_control() && c != '\n') && !html.contains('\u{202e}'));
    let folder = tempfile::tempdir().expect("a folder");
    let mut browser = Browser::start();
    for (name, runs) in [
        ("ordinary", vec![fixture::run()]),
        ("hostile", runs.into()),
        ("unfinished", vec![fixture::running(), fixture::cut_short(), fixture::empty()]),
        ("many", vec![fixture::large(500, 200, 7_200); 8]),
    ] {
        let path = folder.path().join("page.html");
        let [_, html] = pages(&runs);
        assert!(html.len() < 1_000_000, "{name}: {} bytes", html.len());
        std::fs::write(&path, html).expect("a file");
        for (size, theme) in [(WIDE, "light"), (NARROW, "dark")] {
            let errors = browser.open(&path, size, theme);
            assert!(errors.is_empty(), "{name}: {errors:#?}");
            let width = browser.evaluate("document.documentElement.scrollWidth").as_u64().expect("a width");
            assert!(width <= size.0.into(), "{name}: the page scrolls horizontally, {width} of {}", size.0);
            assert_eq!(browser.evaluate("typeof window.hacked"), "undefined", "{name}");
            let forbidden = "document.querySelectorAll('script, img, iframe, link, object, [onerror], [style]').length";
            assert_eq!(browser.evaluate(forbidden), 0, "{name}");
            assert_eq!(browser.evaluate("document.querySelectorAll('main > section[id]').length"), 16, "{name}");
            // Charts have lines.
            let lines = browser.evaluate("document.querySelectorAll('svg polyline').length").as_u64().expect("a count");
            assert!(lines >= 4, "{name}: {lines}");
        }
        let background = evaluate_string(&mut browser, "getComputedStyle(document.body).backgroundColor");
        assert_eq!(background, "rgb(16, 19, 23)", "{name}: dark");
    }
    browser.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked=1\">')");
    assert!(browser.complaints("").iter().any(|line| line.contains("Content Security Policy")));
    assert!(!texts(&mut browser, "h1").is_empty());
}

fn evaluate_string(browser: &mut Browser, expression: &str) -> String {
    browser.evaluate(expression).as_str().expect("a string").to_owned()
}
