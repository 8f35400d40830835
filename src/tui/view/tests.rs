//! The main screens as text, and what a screen costs on the wire.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};

use crate::stats::snapshot::{End, RunState};
use crate::tui::fixture;
use crate::tui::model::{Model, Overlay, Subject};
use crate::tui::theme::Theme;
use crate::tui::update::{Message, handle};

fn shown(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| super::draw(model, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_dashboard_says_what_decides() {
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
fn ascii_means_ascii() {
    for mut model in [fixture::launcher(), fixture::dashboard()] {
        model.theme = Theme::new(crate::tui::ThemeName::Mono, true);
        for (width, height) in [(80, 24), (140, 45)] {
            let text = shown(&model, width, height);
            assert!(text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn what_the_server_said_cannot_move_the_cursor() {
    let mut model = fixture::dashboard();
    model.overlay = Some(Overlay::Detail {
        subject: Subject::Failure {
            method: "POST".into(),
            name: "/api/checkout".into(),
            reason: "HTTP 503 Service Unavailable".into(),
        },
        scroll: 0,
    });
    let text = shown(&model, 80, 24);
    assert!(text.contains("upstream connect error  [2Jor disconnect") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn ten_seconds_at_80x24_cost_less_than_4_kib_each() {
    let mut model = fixture::dashboard();
    let mut out: Vec<u8> = Vec::new();
    let options =
        ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 80, 24)) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut out), options).unwrap();
    terminal.draw(|frame| super::draw(&model, frame)).unwrap();
    let mut draw = |model: &Model| terminal.draw(|frame| super::draw(model, frame)).map(|_| ()).unwrap();
    for quarter in 0..40_u64 {
        let mut snapshot = fixture::snapshot(134 + quarter / 4);
        // Everything that moves in a busy run moves with every snapshot.
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
fn after_the_end_the_footer_says_how_to_go_on() {
    let mut model = fixture::dashboard();
    let mut last = fixture::snapshot(140);
    last.state = RunState::Done(End::Completed);
    handle(&mut model, Message::Snapshot(Arc::new(last)));
    let text = shown(&model, 80, 24);
    assert!(text.contains("DONE") && text.contains("n again") && text.contains("b launcher"), "{text}");
    assert!(!text.contains("+/- users"), "{text}");
}

/// Text of a pane at its right: the current value, the scale.
#[test]
fn a_chart_names_its_scale_and_the_current_values() {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    // More than in any closed second, as while users are being added.
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
fn the_detail_keeps_what_decides_in_sight() {
    let mut model = fixture::dashboard();
    let subject = Subject::Endpoint { method: "POST".into(), name: "/api/checkout".into() };
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
fn the_launcher_says_what_a_run_costs() {
    let mut model = fixture::launcher();
    let text = shown(&model, 80, 24);
    for needle in ["8.3 VU-hours", "at most 52 req/s", "32,000 requests", "scenario is sound", "all after 10s"] {
        assert!(text.contains(needle), "{needle}\n{text}");
    }
    model.launcher.overrides.run_time = Some(None);
    model.launcher.refresh();
    assert!(shown(&model, 80, 24).contains("until you stop it"));
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
