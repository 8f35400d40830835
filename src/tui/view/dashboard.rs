//! A run while it runs: what decides is on the first three lines and never moves.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::canvas::put;
use super::{charts, panes, redis, table};
use crate::report::finding::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Level, RunState};
use crate::tui::model::{Focus, Model, Overlay, Run};
use crate::tui::text::{self, age};
use crate::tui::theme::Theme;
use crate::tui::widget::meter;
use crate::units::{self, PerSecond, clock, rate};

/// The lines that stay whatever is below. Returns the rest.
pub(super) fn head((model, run): (&Model, &Run), found: &[Finding], frame: &mut Frame<'_>, area: Rect) -> Rect {
    let theme = &model.theme;
    put(frame, Rect { height: 1, ..area }, header(run, silence(found), theme, area.width.into()));
    let width = usize::from(area.width);
    let (first, second) = (figures(run.shown(), found, theme), standing(run.shown(), found, theme, width));
    // Where it is low, both share a line: the requests that wait stay in sight, the last percentiles go.
    let needs_rows = run.shown().redis.is_some() || matches!(model.overlay, Some(Overlay::Detail { .. }));
    let is_low = area.height < if needs_rows { 23 } else { 10 };
    let gap = if !is_low {
        put(frame, Rect { y: area.y + 1, height: 1, ..area }, fitting(first, width));
        put(frame, Rect { y: area.y + 2, height: 1, ..area }, fitting(second, width));
        3
    } else {
        let mut both = first;
        both.splice(2..2, second);
        put(frame, Rect { y: area.y + 1, height: 1, ..area }, fitting(both, width));
        2
    };
    Rect { y: area.y + gap, height: area.height.saturating_sub(gap), ..area }
}

pub(super) fn draw(model: &Model, run: &Run, found: &[Finding], frame: &mut Frame<'_>, area: Rect) {
    let snapshot = run.shown();
    let large = area.width >= 120 && area.height >= 33;
    let body = head((model, run), found, frame, area);
    if run.expanded {
        return expanded(model, run, frame, body);
    }
    // What was found takes a line, and the charts stay.
    if area.width < 80 || area.height < 21 {
        return compact(model, run, frame, body);
    }
    let charts_height = match area {
        _ if large => 10 + (area.height - 33) / 4,
        Rect { width: 100.., height: 27.., .. } => 8,
        _ => 4,
    };
    charts::draw(model, run, frame, Rect { height: charts_height, ..body });
    let rest = Rect { y: body.y + charts_height, height: body.height.saturating_sub(charts_height), ..body };
    let pane = redis::Pane::new(snapshot, &model.theme);
    let redis = pane.as_ref().map_or((0, 0), |pane| pane.heights(rest));
    let shares = Shares::new(rest.height, run, (large, redis));
    table::draw(model, run, frame, Rect { height: shares.table, ..rest });
    let bottom = Rect { y: rest.y + shares.table, height: shares.lower, ..rest };
    if let Some(pane) = pane {
        pane.draw(&model.theme, frame, Rect { y: bottom.y + bottom.height, height: shares.redis, ..rest });
    }
    if large {
        let side = 52;
        let left = Rect { width: bottom.width.saturating_sub(side), ..bottom };
        panes::failures(model, run, frame, left);
        panes::percentiles(model, run, frame, Rect { x: left.x + left.width, width: side, ..bottom });
    } else if run.focus == Focus::Percentiles {
        panes::percentiles(model, run, frame, bottom);
    } else {
        panes::failures(model, run, frame, bottom);
    }
}

/// Rows of the panes below the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shares {
    table: u16,
    lower: u16,
    redis: u16,
}

impl Shares {
    /// The table shows all its rows where that is possible; what stands below gives way to it, down to what it has to
    /// say. `redis` is the least and the most that its pane can use.
    fn new(height: u16, run: &Run, (large, redis): (bool, (u16, u16))) -> Self {
        let snapshot = run.shown();
        let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let endpoints = run.endpoints();
        let wanted = rows(endpoints.len()).saturating_add(4);
        let (least, most) = redis;
        // Two lines of percentiles, a third one where there are service times.
        let highlighted = run.highlighted();
        let percentiles = if run.figures(highlighted).service.is_some() { 5 } else { 4 };
        let failures = rows(run.failures().len() + usize::from(snapshot.failures.more_kinds > 0)).clamp(1, 7) + 2;
        let (comfort, needed) = match (large, run.focus) {
            (true, _) => (9, failures.max(percentiles)),
            (false, Focus::Percentiles) => (5, percentiles),
            // Where both lack room, the rows come first, unless the failures are looked at.
            (false, Focus::Endpoints) if height < 16 => (4, failures),
            (false, _) => (5, failures),
        };
        let needed = needed.min(comfort);
        // Publishers, subscribers and deliveries: what a run with Redis is about stays, and its pane gives way.
        let table = wanted.min(if most > 0 { 9 } else { 5 });
        let least = least.min(height.saturating_sub(table.saturating_add(3)));
        let least = if least < 3 { 0 } else { least };
        let redis = height.saturating_sub(wanted.saturating_add(needed)).min(most).max(least);
        let rest = height.saturating_sub(redis);
        let lower = rest.saturating_sub(wanted).max(needed).min(rest.saturating_sub(table));
        Self { table: rest - lower, lower, redis }
    }
}

fn expanded(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    match run.focus {
        Focus::Endpoints => table::draw(model, run, frame, area),
        Focus::Failures => panes::failures(model, run, frame, area),
        Focus::Percentiles => panes::percentiles(model, run, frame, area),
    }
}

/// No charts: the focused pane, or table and failures where both fit.
fn compact(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    if run.focus != Focus::Endpoints || area.height < 12 {
        return expanded(model, run, frame, area);
    }
    let lower = 4;
    table::draw(model, run, frame, Rect { height: area.height - lower, ..area });
    panes::failures(model, run, frame, Rect { y: area.y + area.height - lower, height: lower, ..area });
}

/// The state as glyph and word; while load runs and nothing is answered, that is the state.
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
    // How much of the planned time is over, where there is room for a picture of it.
    let part = snapshot.run.run_time.filter(|t| width >= 110 && !t.is_zero());
    let meter = part.map_or_else(String::new, |t| {
        let bar = meter(snapshot.elapsed.as_secs_f64() / t.as_secs_f64(), 14, theme);
        format!(" {}{bar}{}", theme.glyph("▕", "["), theme.glyph("▏", "]"))
    });
    let mut spans = vec![
        Span::styled(format!(" {}  ", text::cut(&theme.text(&snapshot.run.scenario), 20, theme.ascii)), theme.strong),
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

/// How fast users come; in an open run, at what rate iterations arrive and where that goes.
fn pace(snapshot: &Snapshot, rate: PerSecond) -> String {
    match snapshot.plan.rate {
        None => format!("+{rate}/s"),
        Some(now) if (now - rate.0).abs() < 0.05 => format!("{rate}/s arrive"),
        Some(now) => format!("{}/s of {rate} arrive", units::rate(now)),
    }
}

/// Where in its plan the run is, in a word; nothing for a plain run.
fn place(snapshot: &Snapshot, theme: &Theme) -> Option<(String, ratatui::style::Style)> {
    let plan = &snapshot.plan;
    if plan.steered {
        let is_ending = snapshot.state.is_done() || snapshot.state == RunState::Stopping;
        return Some((if is_ending { "by hand" } else { "by hand (p: plan)" }.to_owned(), theme.select));
    }
    match &plan.stage {
        _ if snapshot.state.is_done() => None,
        Some(stage) if plan.warm_up => Some((format!("{} warm-up", theme.text(stage)), theme.warn)),
        None if plan.warm_up => Some(("warm-up".to_owned(), theme.warn)),
        Some(stage) => Some((format!("stage: {}", theme.text(stage)), theme.accent)),
        None => None,
    }
}

/// Words and their style.
type Part = (String, ratatui::style::Style);

/// What is wrong where no response comes.
fn silence(found: &[Finding]) -> Option<Kind> {
    found.first().map(|finding| finding.kind).filter(|kind| kind.is_silence())
}

/// True when the figures are those of the whole run: after its end, and while nothing is asked for.
fn is_whole(snapshot: &Snapshot) -> bool {
    let idle = snapshot.total.now.requests == 0 && snapshot.load.in_flight == 0;
    snapshot.state.is_done() || idle
}

/// What the responses are like.
fn figures(snapshot: &Snapshot, found: &[Finding], theme: &Theme) -> Vec<Part> {
    let shown = if is_whole(snapshot) { &snapshot.total.total } else { &snapshot.total.now };
    let time = |percentile: f64| text::time(shown.response.p(percentile), shown.responses);
    let failed = shown.fail_ratio() * 100.0;
    let failures = match () {
        () if failed > 0.0 => (format!("{failed:>5.2} % failed {}", theme.glyph("▲", "^")), theme.bad),
        // Nothing is well that has no response.
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

/// What is on its way, and whether it can be trusted.
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

/// As many of the parts as there is room for.
fn fitting(parts: Vec<Part>, width: usize) -> Line<'static> {
    // The first figure is padded at its left: it needs no margin.
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
