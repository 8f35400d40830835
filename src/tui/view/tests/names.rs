//! Long names, filters, and characters that terminals draw in different widths.

use std::sync::Arc;

use super::shown;
use crate::row_kind::RowKind;
use crate::scenario::Scenario;
use crate::scenario::catalog::{Entry, Origin};
use crate::stats::snapshot::Row;
use crate::tui::fixture;
use crate::tui::model::{Item, Model};

const LONG: [&str; 4] = [
    "/api/v2/customers/{id}/orders",
    "/api/v2/customers/{id}/invoices",
    "/api/v2/customers/{id}/payment-methods/default/verify",
    "/api/v2/customers/{id}/payment-methods/backups/verify",
];

/// A run whose rows and failures have these names.
fn named(names: &[&str]) -> Model {
    let mut model = fixture::dashboard();
    let run = model.run.as_mut().expect("a run");
    let snapshot = Arc::make_mut(&mut run.latest);
    let (row, failure) = (snapshot.endpoints[1].clone(), snapshot.failures.rows[0].clone());
    snapshot.endpoints = names.iter().map(|name| Row { name: (*name).into(), ..row.clone() }).collect();
    snapshot.failures.rows = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let mut failure = failure.clone();
        (failure.kind, failure.name, failure.id) = (RowKind::http("GET"), (*name).into(), i as u64);
        failure.reason = format!("expected status 200 or 201 or 202 or 204, got {}", 500 + i).into();
        snapshot.failures.rows.push(failure);
    }
    run.follow();
    model
}

#[test]
fn rows_that_differ_at_their_end_can_be_told_apart() {
    for (width, height) in [(80, 24), (79, 24), (80, 30), (60, 15)] {
        let text = shown(&named(&LONG), width, height);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("GET ") && line.contains(" 41,002 ")).collect();
        let names: Vec<&str> =
            rows.iter().filter_map(|row| Some(row.split_once("GET ")?.1.split_once(" 41,002 ")?.0.trim())).collect();
        assert_eq!(names.len(), 4, "{width}x{height}\n{text}");
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name} twice at {width}x{height}\n{text}");
        }
        assert!(names[0].ends_with("/orders") && names[1].ends_with("/invoices"), "{text}");
        assert!(names[2].contains("default/") && names[3].contains("backups/"), "{text}");
    }
    // Failures: names, and reasons that differ at their end.
    let text = shown(&named(&LONG), 80, 30);
    for needle in ["/orders", "/invoices", "got 500 ", "got 501 ", "got 502 ", "got 503 "] {
        let count = text.lines().filter(|line| line.contains("× ") && line.contains(needle)).count();
        assert_eq!(count, 1, "{needle}\n{text}");
    }
    // The title of the percentiles keeps the end of the name too.
    let text = shown(&named(&LONG[2..]), 120, 36);
    assert!(text.lines().any(|line| line.contains(" Percentiles ") && line.contains("/default/verify ─")), "{text}");
}

#[test]
fn aggregated_says_what_it_sums() {
    let mut model = fixture::dashboard();
    assert!(!shown(&model, 80, 24).contains("(all rows)"));
    model.run.as_mut().expect("a run").filter = "cart".into();
    for (width, height) in [(80, 24), (60, 15), (160, 45)] {
        let text = shown(&model, width, height);
        assert!(text.contains("Aggregated (all rows) ") && text.contains("/cart"), "{width}x{height}\n{text}");
    }
    assert!(shown(&model, 80, 24).contains(" 1 of 3 kinds "));
}

#[test]
fn a_filter_without_a_match_says_so() {
    let mut model = fixture::dashboard();
    model.run.as_mut().expect("a run").filter = "xyz".into();
    for (width, height) in [(80, 22), (80, 24), (160, 45)] {
        let text = shown(&model, width, height);
        for what in ["row", "failure"] {
            let words = format!("no {what} matches /xyz; Esc removes the filter");
            assert!(text.contains(&words), "{what} at {width}x{height}\n{text}");
        }
        assert!(text.contains("0 of 3 kinds"), "{text}");
    }
    let long = "x".repeat(200);
    model.run.as_mut().expect("a run").filter = long.clone();
    assert!(shown(&model, 80, 24).contains("x; Esc removes the filter"));
    let mut model = fixture::launcher();
    model.launcher.filter = long;
    let text = shown(&model, 80, 24);
    assert!(text.contains("; Esc") && !text.contains("A small shop"), "{text}");
}

#[test]
fn joined_emoji_do_not_shift_columns() {
    let odd = [
        "/👩\u{200d}👩\u{200d}👧/family",
        "/🇩🇪/👍🏽/❤\u{fe0f}/1\u{fe0f}\u{20e3}",
        "/e\u{301}\u{301}\u{301}\u{301}\u{301}/日本語/ｶﾞ",
        "/a\u{200b}b\u{ad}c",
    ];
    let mut model = named(&odd);
    let run = model.run.as_mut().expect("a run");
    let snapshot = Arc::make_mut(&mut run.latest);
    let mut info = (*snapshot.run).clone();
    (info.scenario, info.host) = ("👩\u{200d}👩\u{200d}👧".into(), "http://👍🏽.example.com".into());
    snapshot.run = Arc::new(info);
    for (width, height) in [(80, 24), (160, 45)] {
        let text = shown(&model, width, height);
        for needle in ["/👩👩👧/family", "/DE/👍/❤/1", "/abc", " 👩👩👧 ", "👍.example.com"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
        assert!(!text.contains(['\u{200d}', '\u{fe0f}', '\u{1f3fd}', '\u{20e3}']), "{text}");
    }
}

/// A launcher with these scenarios, from a folder.
fn launcher(names: &[&str]) -> Model {
    let mut model = fixture::launcher();
    let text = "host: http://h.example\nusers: 1\ntasks: [{ steps: [{ get: / }] }]\n";
    for name in names {
        let entry = Entry::known(name, Origin::Folder, Scenario::parse("s.yaml", text));
        model.launcher.items.push(Item::new(entry));
    }
    fixture::read(&mut model);
    model
}

#[test]
fn the_launcher_shows_names_of_forty_characters() {
    let eu = "checkout-and-orders-of-the-customers-eu1";
    let us = "checkout-and-orders-of-the-customers-us1";
    let mut model = launcher(&[eu, us, "basic"]);
    model.launcher.items[1].entry.name = "orders-and-invoices-of-the-customers-eu1".into();
    for (width, height) in [(80, 24), (80, 22), (79, 24), (60, 15)] {
        let text = shown(&model, width, height);
        let list = |needle: &str| {
            text.lines().filter(|line| line.split("││").next().is_some_and(|left| left.contains(needle))).count()
        };
        for needle in ["-eu1 ", "-us1 "] {
            assert!(list(needle) >= 1, "{needle} at {width}x{height}\n{text}");
        }
        // The folder of short names only, an error also beside a long name, and nothing is glued together.
        assert!(list("basic") == 1 && list(" scenarios ") == 1, "{text}");
        assert!(width < 79 || list("eu1 line 14:7") == 1, "{width}x{height}\n{text}");
    }
    model.launcher.selected = 2;
    assert!(shown(&model, 80, 24).contains(&format!("╭ {eu} ─")), "the preview has the whole name");
    // Two entries of one name are told apart by their folder.
    let mut model = launcher(&[eu, eu]);
    model.launcher.items[2].entry.origin = Origin::User;
    let text = shown(&model, 80, 24);
    assert!(text.contains("eu1 scenarios ") && text.contains("eu1 yours "), "{text}");
}
