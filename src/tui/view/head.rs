//! The first lines of the dashboard: state, load, responses, requests in flight.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{put, put_lines};
use super::sending::{self, Part};
use super::thresholds;
use crate::report::finding::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Level, RunState};
use crate::tui::model::{Model, Overlay, Run};
use crate::tui::text::{self, age};
use crate::tui::theme::Theme;
use crate::tui::widget::meter;
use crate::units::{self, PerSecond, clock, rate};

/// Draws the head; returns the area below it.
pub(super) fn draw(model: &Model, run: &Run, found: &[Finding], frame: &mut Frame<'_>, area: Rect) -> Rect {
    let theme = &model.theme;
    let width = usize::from(area.width);
    let (first, mut second) = (figures(run.shown(), found, theme), standing(run.shown(), found, theme, width));
    let (loss, others) = sending::parts(run, width, theme);
    second.splice(2..2, loss);
    second.extend(others);
    // On a low terminal both share a line: requests in flight stay visible, the highest percentiles are dropped.
    let needs_rows = run.shown().redis.is_some() || matches!(model.overlay, Some(Overlay::Detail { .. }));
    let is_low = area.height < if needs_rows { 23 } else { 10 };
    let judgements = &run.shown().judgements;
    let judged = if area.height < 12 { 0 } else { thresholds::rows(judgements, area.height) };
    let rows = [1, 1, u16::from(!is_low), judged].map(Constraint::Length);
    let [top, middle, bottom, list, rest] = Layout::vertical(rows.into_iter().chain([Constraint::Fill(1)])).areas(area);
    put_lines(frame, list, thresholds::lines(judgements, width, usize::from(judged), theme));
    put(frame, top, header(run, silence(found), theme, width));
    if is_low {
        let mut both = first;
        both.splice(2..2, second);
        put(frame, middle, fitting(both, width));
    } else {
        put(frame, middle, fitting(first, width));
        put(frame, bottom, fitting(second, width));
    }
    rest
}

/// The state; if there is load but no response, a finding is shown instead.
fn state(run: &Run, silence: Option<Kind>, theme: &Theme) -> Span<'static> {
    let state = run.shown().state;
    if matches!(state, RunState::Ramping | RunState::Running)
        && let Some(kind) = silence
    {
        let word = if kind == Kind::Hanging { "HANGING" } else { "FAILING" };
        return Span::styled(format!("{} {word:<8}", theme.glyph("✗", "x")), theme.bad.patch(theme.strong));
    }
    let (glyph, style) = match state {
        RunState::Ramping => (theme.glyph("▲", "^"), theme.accent),
        RunState::Running => (theme.glyph("●", "*"), theme.good),
        RunState::Paused => (theme.glyph("‖", "="), theme.select),
        RunState::Stopping => (theme.glyph("▼", "v"), theme.warn),
        RunState::Done(_) => (theme.glyph("■", "#"), theme.strong),
    };
    Span::styled(format!("{glyph} {:<8}", state.word()), style.patch(theme.strong))
}

fn header(run: &Run, silence: Option<Kind>, theme: &Theme, width: usize) -> Line<'static> {
    let snapshot = run.shown();
    let load = snapshot.load;
    let planned = snapshot.run.run_time.map_or_else(String::new, |t| format!(" of {}", clock(t)));
    let target = run.users.wanted.unwrap_or(load.target);
    let users = if target == load.users {
        format!("users {}", load.users)
    } else {
        format!("users {}{}{target}", load.users, theme.glyph("→", ">"))
    };
    let spawn = PerSecond(run.rate.wanted.unwrap_or(load.spawn_rate));
    let frozen = run.frozen.as_ref().map(|old| {
        let since = run.latest.at.duration_since(old.at).unwrap_or_default();
        format!("FROZEN {}", age(since))
    });
    // Progress of the run time, if there is room for a bar.
    let part = snapshot.run.run_time.filter(|t| width >= 110 && !t.is_zero());
    let meter = part.map_or_else(String::new, |t| {
        let bar = meter(snapshot.elapsed.as_secs_f64() / t.as_secs_f64(), 14, theme);
        format!(" {}{bar}{}", theme.glyph("▕", "["), theme.glyph("▏", "]"))
    });
    let mut spans = vec![
        Span::styled(
            format!(" {}  ", text::truncate(&theme.text(&snapshot.run.scenario), 20, theme.ascii)),
            theme.strong,
        ),
        state(run, silence, theme),
        Span::raw(format!("  {}{planned}{meter}   ", clock(snapshot.elapsed))),
        Span::styled(format!("{users:<13}"), theme.strong),
        Span::raw(format!(" {}  ", pace(snapshot, spawn))),
    ];
    if let Some(words) = frozen {
        spans.push(Span::styled(words, theme.select));
        spans.push(Span::raw("  "));
    }
    if snapshot.run.is_insecure {
        spans.push(Span::styled(format!("{} insecure TLS  ", theme.glyph("▲", "!")), theme.warn));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let host = theme.text(&snapshot.run.host);
    let short = host.split("://").nth(1).unwrap_or(&host);
    let room = width.saturating_sub(used + 1);
    let shown = if text::width(&host) <= room { &host } else { short };
    spans.push(Span::styled(text::right(shown, room, theme.ascii), theme.dim));
    Line::from(spans)
}

/// The spawn rate, or, in an open run, the current and planned arrival rate.
fn pace(snapshot: &Snapshot, rate: PerSecond) -> String {
    match snapshot.plan.rate {
        None => format!("+{rate}/s"),
        Some(now) if (now - rate.0).abs() < 0.05 => format!("{rate}/s arrive"),
        Some(now) => format!("{}/s of {rate} arrive", units::rate(now)),
    }
}

/// The current stage or manual control; `None` for a plain run.
fn place(snapshot: &Snapshot, theme: &Theme) -> Option<(String, ratatui::style::Style)> {
    let plan = &snapshot.plan;
    if plan.steered {
        let is_ending = snapshot.state.is_done() || snapshot.state == RunState::Stopping;
        return Some((if is_ending { "manual" } else { "manual (p: plan)" }.to_owned(), theme.select));
    }
    match &plan.stage {
        _ if snapshot.state.is_done() => None,
        Some(stage) if plan.warm_up => Some((format!("{} warm-up", theme.text(stage)), theme.warn)),
        None if plan.warm_up => Some(("warm-up".to_owned(), theme.warn)),
        Some(stage) => Some((format!("stage: {}", theme.text(stage)), theme.accent)),
        None => None,
    }
}

/// The finding that explains why there is no response.
fn silence(found: &[Finding]) -> Option<Kind> {
    found.first().map(|finding| finding.kind).filter(|kind| kind.is_silence())
}

/// True if figures are those of the whole run: after its end, and while it is idle.
fn is_whole(snapshot: &Snapshot) -> bool {
    let idle = snapshot.total.now.requests == 0 && snapshot.load.in_flight == 0;
    snapshot.state.is_done() || idle
}

/// Throughput, failures and response times.
fn figures(snapshot: &Snapshot, found: &[Finding], theme: &Theme) -> Vec<Part> {
    let shown = if is_whole(snapshot) { &snapshot.total.total } else { &snapshot.total.now };
    let time = |percentile: f64| text::time(shown.response.p(percentile), shown.responses);
    let failed = shown.fail_ratio() * 100.0;
    let failures = match () {
        () if failed > 0.0 => (format!("{failed:>5.2} % failed {}", theme.glyph("▲", "^")), theme.bad),
        // Without a response, nothing is shown as good.
        () if shown.responses == 0 && snapshot.load.last_response.is_none() => {
            ("no response yet ".to_owned(), theme.warn)
        }
        () if shown.responses == 0 => ("no response     ".to_owned(), theme.warn),
        () if silence(found).is_some() => (format!("{failed:>5.2} % failed  "), theme.strong),
        () => (format!("{failed:>5.2} % failed {}", theme.glyph("✓", "*")), theme.good),
    };
    vec![
        (format!("{:>7} req/s", rate(shown.rps)), theme.strong),
        failures,
        (format!("p50 {:>6}", time(50.0)), theme.strong),
        (format!("p95 {:>6}", time(95.0)), theme.strong),
        (format!("p99 {:>6}", time(99.0)), theme.strong),
        (format!("max {:>6}", text::time(shown.response.max, shown.responses)), theme.strong),
    ]
}

/// Requests in flight, state of the generator, and the plan.
fn standing(snapshot: &Snapshot, found: &[Finding], theme: &Theme, width: usize) -> Vec<Part> {
    let load = &snapshot.load;
    let style = match silence(found) {
        Some(_) => theme.bad,
        None if found.iter().any(|finding| finding.kind == Kind::Slow) => theme.warn,
        None => theme.strong,
    };
    let oldest = match load.oldest {
        None => String::new(),
        Some(age) if age.as_secs() == 0 => ", oldest <1s".to_owned(),
        Some(oldest) => format!(", oldest {}", age(oldest)),
    };
    let mut parts = vec![(format!("{:>7} in flight{oldest:<12}", units::count(load.in_flight.into())), style)];
    parts.push(generator(snapshot, theme));
    if snapshot.plan.arrivals.dropped > 0 {
        parts.push((format!("{} dropped", units::count(snapshot.plan.arrivals.dropped)), theme.bad));
    }
    parts.extend(place(snapshot, theme));
    parts.push((format!("{:.2} VU-hours", load.vu_hours), theme.strong));
    if width >= 80 {
        parts.push((if is_whole(snapshot) { "whole run" } else { "last 10 s" }.to_owned(), theme.dim));
    }
    parts
}

/// As many parts as fit.
fn fitting(parts: Vec<Part>, width: usize) -> Line<'static> {
    // The first figure is padded on its left, so it needs no margin.
    let mut spans = Vec::new();
    let mut room = width;
    for (words, style) in parts {
        let cells = text::width(&words) + 2;
        if cells > room + 2 {
            continue;
        }
        room = room.saturating_sub(cells);
        spans.push(Span::styled(words, style));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

fn generator(snapshot: &Snapshot, theme: &Theme) -> Part {
    let cpu = format!(" {:.0} %", snapshot.health.cpu * 100.0);
    match snapshot.health.level {
        Level::Green => (format!("{} generator{cpu}", theme.glyph("✓", "*")), theme.good),
        Level::Amber => (format!("! generator{cpu}"), theme.warn),
        Level::Red => (format!("{} generator{cpu}", theme.glyph("✗", "x")), theme.bad),
    }
}
