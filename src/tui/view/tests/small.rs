//! Terminals that are smaller than 80×24 by a line or a column, and heads with little room.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::{hanging, shown};
use crate::stats::snapshot::{Health, Level, RunInfo, RunState};
use crate::tui::fixture;
use crate::tui::model::Model;
use crate::tui::view::tests::redis::with_redis;

fn run_of(model: &mut Model) -> &mut crate::tui::model::Run {
    model.run.as_mut().expect("a run")
}

fn info(model: &mut Model, change: impl FnOnce(&mut RunInfo)) {
    let snapshot = Arc::make_mut(&mut run_of(model).latest);
    let mut info = (*snapshot.run).clone();
    change(&mut info);
    snapshot.run = Arc::new(info);
}

/// The titles in the upper borders of the charts.
fn chart_titles(screen: &str) -> Option<&str> {
    screen.lines().find(|line| line.contains(" resp"))
}

#[test]
fn charts_stay_if_a_line_or_a_column_is_missing() {
    for (width, height) in [(80, 24), (80, 23), (80, 22), (79, 24), (78, 23), (79, 22), (80, 21), (66, 24)] {
        for model in [fixture::dashboard(), hanging(), with_redis(4, 1)] {
            let text = shown(&model, width, height);
            for needle in [" response ", " fails/s ", "p95 ", " Endpoints ", "Aggregated", " Failures "] {
                assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
            }
        }
        let text = shown(&fixture::dashboard(), width, height);
        for needle in ["/checkout", "/products", "/cart", "HTTP 503"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
}

#[test]
fn a_larger_screen_shows_no_less() {
    for model in [fixture::dashboard(), hanging()] {
        let panes = |width, height| {
            let text = shown(&model, width, height);
            let titles = [" resp", " Failures ", " Endpoints ", " Percentiles ", "┤", "req/s", "in flight"];
            titles.into_iter().filter(|title| text.contains(title)).collect::<HashSet<_>>()
        };
        for width in (40..130).step_by(3) {
            for height in 8..45 {
                let here = panes(width, height);
                for (wider, higher) in [(width + 3, height), (width, height + 1)] {
                    let lost: Vec<_> = here.difference(&panes(wider, higher)).copied().collect();
                    assert!(lost.is_empty(), "{lost:?} of {width}x{height} at {wider}x{higher}");
                }
            }
        }
    }
}

#[test]
fn chart_titles_never_cut_a_number() {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut run_of(&mut model).latest);
    snapshot.load.users = 987_654;
    snapshot.total.now.rps = 123_456.7;
    snapshot.total.now.fps = 98_765.4;
    let known = [["987,654", "988k"], ["123,457", "123k"], ["98,765", "99k"]];
    for width in 60..=140 {
        for height in [22, 24, 30, 40] {
            let text = shown(&model, width, height);
            let titles = chart_titles(&text).unwrap_or_else(|| panic!("no charts at {width}x{height}\n{text}"));
            let numbers: Vec<&str> =
                titles.split([' ', '─', '╮', '╭']).filter(|word| word.contains(|c: char| c.is_ascii_digit())).collect();
            let is_known = |number: &str| known.iter().flatten().any(|one| *one == number) || number.ends_with('s');
            assert!(numbers.iter().all(|number| is_known(number)), "{numbers:?} at {width}x{height}\n{text}");
            // Users are in the head too, and have no chart on narrow screens.
            for forms in &known[usize::from(width < 72)..] {
                assert!(forms.iter().any(|form| numbers.contains(form)), "{forms:?} at {width}x{height}\n{text}");
            }
        }
    }
    // The scale below a chart is whole, or absent.
    let text = shown(&model, 60, 24);
    assert!(!text.contains("max 1…") && !text.contains("max…"), "{text}");
}

#[test]
fn the_host_is_cut_last() {
    let mut model = fixture::dashboard();
    info(&mut model, |info| {
        info.scenario = "checkout-and-orders-of-the-customer-portal".into();
        info.host = "https://orders.staging.eu.example.com/shop/api".into();
    });
    let host = "orders.staging.eu.example.com";
    let first = |model: &Model, width| shown(model, width, 24).lines().next().unwrap_or_default().to_owned();
    for width in 60..=200 {
        let line = first(&model, width);
        assert!(line.contains(host), "{width}: {line}");
        assert!(line.contains("RUNNING") && line.contains("users 120"), "{width}: {line}");
        // Its scheme and its path give way first of all, but for the bar of progress.
        assert!(width < 140 || line.contains("https://"), "{width}: {line}");
        assert_eq!(line.contains("/shop/api"), width >= 93, "{width}: {line}");
    }
    // With everything that a line may have to say.
    info(&mut model, |info| info.is_insecure = true);
    let run = run_of(&mut model);
    (run.users.wanted, run.rate.wanted) = (Some(1_000_000), Some(12_345.5));
    run.frozen = Some(Arc::new((*run.latest).clone()));
    Arc::make_mut(&mut run.latest).at += Duration::from_secs(59);
    for width in 80..=200 {
        let line = first(&model, width);
        for needle in [host, "RUNNING", "120→1000000", "FROZEN 59s", "TLS"] {
            assert!(line.contains(needle), "{needle} at {width}: {line}");
        }
    }
    // Where it must be cut, both ends stay.
    let line = first(&model, 64);
    assert!(line.contains("…") && line.contains("example.com"), "{line}");
}

#[test]
fn stage_and_manual_control_are_visible_at_80x24() {
    let mut model = fixture::dashboard();
    run_of(&mut model).planned.stages = 4;
    let change = |model: &mut Model, stage: (&str, usize), steered: bool, warm_up: bool| {
        let snapshot = Arc::make_mut(&mut run_of(model).latest);
        snapshot.plan.stage = Some(stage.0.into());
        snapshot.plan.stage_index = Some(stage.1);
        (snapshot.plan.steered, snapshot.plan.warm_up) = (steered, warm_up);
        // What else is in the line: the largest that there is.
        snapshot.load.in_flight = 12_345;
        snapshot.load.oldest = Some(Duration::from_secs(3_599));
        snapshot.health = Health { cpu: 0.99, level: Level::Amber, ..Health::default() };
        snapshot.plan.arrivals.dropped = 1_234_567;
    };
    for (stage, steered, warm_up, wanted) in [
        (("peak", 1), false, false, "stage 2/4"),
        (("hold-at-the-peak-of-the-day", 1), false, false, "stage 2/4"),
        (("stage 3", 2), false, false, "stage 3/4 "),
        (("start", 0), false, true, "warm-up 1/4"),
        (("peak", 1), true, false, "manual (p: plan)"),
    ] {
        change(&mut model, stage, steered, warm_up);
        for (width, height) in [(80, 24), (80, 23), (80, 22), (79, 24), (160, 45)] {
            let text = shown(&model, width, height);
            assert!(text.contains(wanted), "{wanted} at {width}x{height}\n{text}");
            assert!(text.contains("12,345 in flight, oldest 59m") && text.contains("! generator 99 %"), "{text}");
        }
    }
    // With room, the stage is named, and the end of a long name stays.
    let snapshot = Arc::make_mut(&mut run_of(&mut model).latest);
    (snapshot.plan.steered, snapshot.plan.arrivals.dropped) = (false, 0);
    snapshot.plan.stage = Some("hold-at-the-peak-of-the-day".into());
    let text = shown(&model, 80, 24);
    assert!(text.contains("stage 2/4: hold-…-the-day"), "{text}");
    assert!(shown(&model, 160, 45).contains("stage 2/4: hold-at-the-peak-of-the-day"));
    let run = run_of(&mut model);
    Arc::make_mut(&mut run.latest).state = RunState::Done(crate::stats::snapshot::End::Completed);
    assert!(!shown(&model, 80, 24).contains("stage"), "the plan is over");
}
