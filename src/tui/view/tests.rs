//! Snapshots of the main screens, and the cost of drawing them.

mod hints;
mod names;
mod redis;
mod small;

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};

use self::redis::with_redis;
use crate::row_kind::RowKind;
use crate::stats::operation::{Asked, Cost, Costs};
use crate::stats::snapshot::{End, Row, RunState};
use crate::tui::cursor::Subject;
use crate::tui::fixture;
use crate::tui::model::{List, Model, Overlay};
use crate::tui::theme::Theme;
use crate::tui::update::{Message, handle};

fn shown(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| super::draw(model, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_dashboard_shows_key_figures() {
    for (width, height) in [(80, 24), (120, 36), (60, 15)] {
        let text = shown(&fixture::dashboard(), width, height);
        for needle in
            ["checkout", "RUNNING", "02:14", "users 120", "req/s", "failed", "p95", "/api/checkout", "? help", "q quit"]
        {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
}

#[test]
fn refusals_are_shown_before_the_start() {
    let mut model = fixture::launcher();
    model.launcher.items[0].reading.as_mut().unwrap().refusal = Some("this example is not sent there");
    let text = shown(&model, 80, 24);
    assert!(text.contains("✗ cannot run: this example is not sent there") && !text.contains("is valid"), "{text}");
    // Another host was typed.
    model.launcher.overrides.host = Some("http://other.example".to_owned());
    fixture::read(&mut model);
    let text = shown(&model, 80, 24);
    assert!(text.contains("✓ scenario is valid") && !text.contains("cannot run:"), "{text}");
}

#[test]
fn a_scenario_being_read_is_shown_as_such() {
    let mut model = fixture::launcher();
    model.launcher.items[0].reading = None;
    let text = shown(&model, 80, 24);
    assert!(text.contains("reading the scenario") && text.contains("✗ orders"), "{text}");
}

#[test]
fn ascii_mode_draws_only_ascii() {
    for mut model in [fixture::launcher(), fixture::dashboard(), fixture::diagnosed()] {
        model.theme = Theme::new(crate::settings::ThemeName::Mono, true);
        for (width, height) in [(80, 24), (140, 45)] {
            let text = shown(&model, width, height);
            assert!(text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn control_characters_from_the_server_are_removed() {
    let mut model = fixture::dashboard();
    model.overlay = Some(Overlay::Detail {
        subject: Subject::Failure { id: 86, kind: RowKind::http("POST"), name: "/api/checkout".into() },
        scroll: 0,
    });
    let text = shown(&model, 80, 24);
    assert!(text.contains("< upstream connect error  [2Jor disconnect") && !text.contains('\u{1b}'), "{text}");
    assert!(
        text.contains("> POST https://shop.example.com/api/checkout") && text.contains("> authorization: Bearer ***")
    );
}

#[test]
fn slow_and_failed_requests_are_shown_with_their_traces() {
    let mut model = fixture::dashboard();
    let subject = Subject::Failure { id: 86, kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    let text = shown(&model, 100, 30);
    assert!(text.contains("trace https://traces.example.com/trace/00000000ab54a98c0000000000000056"), "{text}");
    let subject = Subject::Endpoint { kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    let text = shown(&model, 120, 60);
    assert!(text.contains("Failures, slowest requests"), "{text}");
    let (_, listed) = text.split_once("slowest requests, with their traces").expect("a list");
    let first = listed.lines().nth(1).expect("a request");
    assert!(
        first.contains("2.50s")
            && first.contains("  failed  https://traces.example.com/trace/00000000ab54a98c00000000000009c4"),
        "{text}"
    );
}

#[test]
fn unknown_times_have_no_bars() {
    let mut model = fixture::dashboard();
    let run = model.run.as_mut().expect("a run");
    let mut latest = std::sync::Arc::clone(run.shown());
    let row = &mut std::sync::Arc::make_mut(&mut latest).endpoints[0];
    (row.total.responses, row.now.responses) = (0, 0);
    run.latest = latest;
    let subject = Subject::Endpoint { kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    let text = shown(&model, 80, 24);
    let slowest = text.lines().find(|line| line.contains(" slowest ")).expect("a line");
    assert!(slowest.contains('–') && !slowest.contains('█'), "{text}");
}

#[test]
fn small_terminals_show_the_slowest_requests_first() {
    let mut model = fixture::dashboard();
    let subject = Subject::Endpoint { kind: RowKind::http("GET"), name: "/api/products".into() };
    let run = model.run.as_mut().expect("a run");
    let mut latest = std::sync::Arc::clone(run.shown());
    let snapshot = std::sync::Arc::make_mut(&mut latest);
    snapshot.slowest[0].0 =
        snapshot.endpoints.iter().position(|row| *row.name == *"/api/products").expect("a row") as u32;
    run.latest = latest;
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    let text = shown(&model, 80, 24);
    assert!(text.contains("Slowest requests") && text.contains("no request has failed"), "{text}");
    assert!(text.contains("00000000ab54a98c00000000000009c4"), "{text}");
}

#[test]
fn drawing_at_80x24_writes_less_than_4_kib_in_ten_seconds() {
    let mut model = fixture::dashboard();
    let mut out: Vec<u8> = Vec::new();
    let options =
        ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 80, 24)) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut out), options).unwrap();
    terminal.draw(|frame| super::draw(&model, frame)).unwrap();
    let mut draw = |model: &Model| terminal.draw(|frame| super::draw(model, frame)).map(|_| ()).unwrap();
    for quarter in 0..40_u64 {
        let mut snapshot = fixture::snapshot(134 + quarter / 4);
        // Everything that changes in a busy run changes with every snapshot.
        for row in snapshot.endpoints.iter_mut().chain([&mut snapshot.total]) {
            row.total.requests += quarter * 457;
            row.total.rps += (quarter % 7) as f64 * 1.3;
            row.now.rps += (quarter % 5) as f64 * 3.7;
            row.now.response.percentiles[5] += Duration::from_millis(quarter % 9);
            row.total.response.percentiles[7] += Duration::from_millis(quarter % 11);
        }
        handle(&mut model, Message::Snapshot(Arc::new(snapshot)));
        draw(&model);
    }
    drop(terminal);
    let first_frame = 80 * 24;
    let each = out.len().saturating_sub(first_frame) / 10;
    assert!(each > 100, "nothing was drawn");
    assert!(each <= 4 * 1024, "{each} bytes a second");
}

#[test]
fn notes_about_limits_fit_80_columns() {
    for (size, needles) in [((80, 24), ["HANGING", "The server does not respond"]), ((80, 15), ["HANGING", "HANGING"])]
    {
        let mut model = hanging();
        let run = model.run.as_mut().unwrap();
        (run.planned.users, run.users.wanted) = (499_999, Some(999_998));
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char('+'));
        run.key = Some((crate::tui::action::Action::UsersUp, Duration::ZERO));
        handle(&mut model, Message::Key(key));
        let text = shown(&model, size.0, size.1);
        let words = " ! 999,998 users (plan 499,999): release the key and press it again for more";
        assert!(text.lines().any(|line| line.trim_matches('"').trim_end() == words), "{text}");
        assert!(needles.iter().all(|needle| text.contains(needle)), "{text}");
    }
}

/// A run whose target accepts connections and never responds, for 14 seconds.
fn hanging() -> Model {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    let quiet = fixture::snapshot(14);
    (snapshot.elapsed, snapshot.total) = (quiet.elapsed, Row { name: "Aggregated".into(), ..Row::default() });
    snapshot.endpoints.iter_mut().for_each(|row| (row.total, row.now) = Default::default());
    (snapshot.failures, snapshot.series, snapshot.distribution) = Default::default();
    let load = &mut snapshot.load;
    (load.in_flight, load.oldest, load.last_response) = (3, Some(Duration::from_secs(14)), None);
    model
}

#[test]
fn a_run_without_responses_is_never_shown_as_good() {
    let mut model = hanging();
    for (width, height) in [(80, 22), (80, 24), (120, 36), (160, 45), (60, 15), (80, 12)] {
        let text = shown(&model, width, height);
        for needle in ["✗ HANGING", "3 in flight, oldest 14s", "no response yet", "the oldest for 14s"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
        for well in ["failed ✓", "RUNNING", "no request has failed", "0.00 %", "0us"] {
            assert!(!text.contains(well), "{well} at {width}x{height}\n{text}");
        }
    }
    let subject = Subject::Endpoint { kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    let text = shown(&model, 80, 24);
    assert!(text.contains("3 in flight, oldest 14s") && text.contains(" no response yet"), "{text}");
    // At the end, the same is shown for the whole run.
    let run = model.run.as_mut().unwrap();
    let last = Arc::make_mut(&mut run.latest);
    (last.state, last.aborted, last.load.in_flight, last.load.oldest) = (RunState::Done(End::Stopped), 3, 0, None);
    model.overlay = None;
    let text = shown(&model, 80, 24);
    assert!(text.contains("✗ TARGET NOT RESPONDING  no response: 3 requests aborted at the end"), "{text}");
    assert!(!text.contains("failed ✓") && !text.contains("space pause"), "{text}");
}

#[test]
fn requests_in_flight_are_always_visible() {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    (snapshot.load.in_flight, snapshot.load.oldest) = (1_234, Some(Duration::from_secs(75)));
    for (width, height) in [(80, 22), (80, 24), (120, 36), (160, 45), (80, 12), (60, 15)] {
        let text = shown(&model, width, height);
        assert!(text.contains("1,234 in flight, oldest 1m"), "{width}x{height}\n{text}");
    }
}

#[test]
fn after_the_end_the_footer_shows_next_steps() {
    let mut model = fixture::dashboard();
    let mut last = fixture::snapshot(140);
    last.state = RunState::Done(End::Completed);
    handle(&mut model, Message::Snapshot(Arc::new(last)));
    let text = shown(&model, 80, 24);
    assert!(text.contains("DONE") && text.contains("n again") && text.contains("b launcher"), "{text}");
    assert!(!text.contains("+/- users"), "{text}");
}

/// Text at the right of a pane: the current value, the scale.
#[test]
fn charts_show_scale_and_current_value() {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    // More than in any finished second, as while users are being added.
    snapshot.total.now.rps = 9_000.0;
    snapshot.load.users = 150;
    for (width, height) in [(80, 24), (120, 36)] {
        let text = shown(&model, width, height);
        for needle in ["9.0k", "150", "max 146ms", "119ms", "38ms", "▲"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
    let text = shown(&model, 160, 45);
    assert!(text.contains("▲users 100 → 120"), "the change of load has its name:\n{text}");
}

#[test]
fn the_head_stays_visible_on_detail_pages() {
    let mut model = fixture::dashboard();
    let subject = Subject::Endpoint { kind: RowKind::http("POST"), name: "/api/checkout".into() };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    for (width, height) in [(80, 24), (120, 36)] {
        let text = shown(&model, width, height);
        for needle in ["RUNNING", "users 120", "4,102 requests", "86 failed", "95%", "264ms"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
    let text = shown(&model, 80, 24);
    assert!(text.contains("connect") && text.contains("HTTP 503 Service Unavailable"), "{text}");
}

#[test]
fn the_launcher_shows_the_cost_of_a_run() {
    let mut model = fixture::launcher();
    let text = shown(&model, 80, 24);
    for needle in ["8.3 VU-hours", "at most 52 req/s", "32,000 requests", "scenario is valid", "all after 10s"] {
        assert!(text.contains(needle), "{needle}\n{text}");
    }
    model.launcher.overrides.run_time = Some(None);
    fixture::read(&mut model);
    assert!(shown(&model, 80, 24).contains("until you stop it"));
}

#[test]
fn the_page_of_checks_says_what_to_do() {
    for (width, height) in [(80, 22), (80, 24), (160, 45)] {
        let text = shown(&fixture::diagnosed(), width, height);
        for needle in [
            "Checks of demo",
            "1 error, 1 warning",
            " ok       host ",
            " warning ",
            " error ",
            "Renew it soon.",
            "d check again",
        ] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
}

#[test]
fn screens_as_text() {
    let mut all = String::new();
    for (name, model) in [("launcher", fixture::launcher()), ("dashboard", fixture::dashboard())] {
        for (width, height) in [(80, 24), (120, 36)] {
            all.push_str(&format!("{name} {width}x{height}\n{}\n", shown(&model, width, height)));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn panes_show_that_rows_are_hidden() {
    for (width, height) in [(80, 24), (120, 35)] {
        let text = shown(&with_redis(40, 3), width, height);
        assert!(text.contains(" of 40  whole run"), "{width}x{height}\n{text}");
    }
    let mut model = with_redis(40, 3);
    let run = model.run.as_mut().unwrap();
    run.endpoint.move_to(39, &run.subjects(List::Endpoints));
    assert!(shown(&model, 80, 24).contains("–40 of 40"));
    assert!(!shown(&fixture::dashboard(), 120, 36).contains(" of 5  "));
}

#[test]
fn operations_are_shown_in_full_at_every_size() {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    let mut run = (*snapshot.run).clone();
    let words = "depth 3, 4 fields, ~10 nodes".into();
    run.operations = vec![(1, Asked { depth: 3, fields: 4, aliases: 0, nodes: 10, words })];
    snapshot.run = Arc::new(run);
    let mut costs = Costs::default();
    costs.add(&Cost { requested: Some(31.0), actual: Some(21.0), available: None });
    snapshot.costs = vec![(1, costs)];
    let row = snapshot.endpoints[1].clone();
    model.overlay = Some(Overlay::Detail { subject: Subject::Endpoint { kind: row.kind, name: row.name }, scroll: 0 });
    for (width, height) in [(80, 24), (80, 16), (100, 30), (120, 35), (160, 45)] {
        let text = shown(&model, width, height);
        let needle = "asks for depth 3, 4 fields, ~10 nodes, cost 21.0 (requested 31.0)";
        for needle in [needle, "41,002 requests", "41 failed"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
    }
}

#[test]
fn pages_show_their_scroll_position() {
    let mut model = fixture::dashboard();
    model.overlay = Some(Overlay::Help { scroll: 900 });
    let text = shown(&model, 80, 24);
    assert!(text.contains("VU-hours") && model.page_end.get() > 5, "{text}");
    shown(&model, 80, 200);
    assert_eq!(model.page_end.get(), 0);
}
