//! The first lines of the dashboard: state, load, responses, requests in flight.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{put, put_lines};
use super::sending;
use super::standing::{self, Figure, silence};
use super::thresholds;
use crate::report::finding::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::RunState;
use crate::tui::model::{Model, Overlay, Run};
use crate::tui::text::{self, age};
use crate::tui::theme::Theme;
use crate::tui::widget::meter;
use crate::units::{self, PerSecond, clock};

/// Draws the head; returns the area below it.
pub(super) fn draw(model: &Model, run: &Run, found: &[Finding], frame: &mut Frame<'_>, area: Rect) -> Rect {
    let theme = &model.theme;
    let width = usize::from(area.width);
    let first = standing::figures(run.shown(), found, theme);
    let mut second = standing::standing(run, found, theme, width);
    let (loss, others) = sending::parts(run, width, theme);
    second.splice(1..1, loss.map(|(words, style)| Figure::new(2, words, style)));
    second.extend(others.into_iter().map(|(words, style)| Figure::new(9, words, style)));
    // On a low terminal both share a line.
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
        put(frame, middle, standing::fitting(both, width));
    } else {
        put(frame, middle, standing::fitting(first, width));
        put(frame, bottom, standing::fitting(second, width));
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
        RunState::Prefilling => (theme.glyph("◌", "o"), theme.accent),
        RunState::Ramping => (theme.glyph("▲", "^"), theme.accent),
        RunState::Running => (theme.glyph("●", "*"), theme.good),
        RunState::Paused => (theme.glyph("‖", "="), theme.select),
        RunState::Stopping => (theme.glyph("▼", "v"), theme.warn),
        RunState::Done(_) => (theme.glyph("■", "#"), theme.strong),
    };
    Span::styled(format!("{glyph} {:<8}", state.word()), style.patch(theme.strong))
}

/// What the first line shows, from everything to the least. The host gives way last: a run against the wrong host is the
/// worst mistake.
#[derive(Clone, Copy)]
struct Detail {
    scheme: bool,
    meter: bool,
    /// Blanks between parts; from 3 on, fields have a fixed width too.
    gap: usize,
    path: bool,
    planned: bool,
    pace: bool,
    clock: bool,
    /// Columns of the name of the scenario.
    name: usize,
}

const ALL: Detail =
    Detail { scheme: true, meter: true, gap: 3, path: true, planned: true, pace: true, clock: true, name: 20 };
const SHORT: Detail = Detail { scheme: false, meter: false, ..ALL };
const TIGHT: Detail = Detail { gap: 1, path: false, name: 12, ..SHORT };
const LEAST: Detail = Detail { planned: false, pace: false, clock: false, name: 0, ..TIGHT };

const DETAILS: [Detail; 14] = [
    ALL,
    Detail { scheme: false, ..ALL },
    SHORT,
    Detail { gap: 2, ..SHORT },
    Detail { gap: 1, ..SHORT },
    Detail { gap: 1, name: 12, ..SHORT },
    TIGHT,
    Detail { name: 8, ..TIGHT },
    Detail { planned: false, ..TIGHT },
    Detail { planned: false, name: 8, ..TIGHT },
    Detail { planned: false, pace: false, name: 8, ..TIGHT },
    Detail { clock: true, name: 6, ..LEAST },
    Detail { clock: true, ..LEAST },
    LEAST,
];

fn header(run: &Run, silence: Option<Kind>, theme: &Theme, width: usize) -> Line<'static> {
    let host = theme.text(&run.shown().run.host);
    let bare = host.split_once("://").map_or(host.as_str(), |(_, rest)| rest);
    let mut line = Vec::new();
    let mut room = 0;
    for detail in DETAILS {
        line = state_and_load(run, silence, theme, width, detail);
        // A margin at the right.
        room = width.saturating_sub(line.iter().map(Span::width).sum::<usize>() + 1);
        let shown = match bare.split_once('/') {
            _ if detail.scheme => host.clone(),
            Some((authority, path)) if !detail.path && !path.is_empty() => {
                format!("{authority}/{}", theme.glyph("…", "~"))
            }
            _ => bare.to_owned(),
        };
        if text::width(&shown) <= room {
            line.push(Span::styled(text::right(&shown, room, theme.ascii), theme.dim));
            return Line::from(line);
        }
    }
    let authority = bare.split('/').next().unwrap_or_default();
    line.push(Span::styled(text::middle(authority, room, theme.ascii), theme.dim));
    Line::from(line)
}

/// Everything before the host.
fn state_and_load(run: &Run, silence: Option<Kind>, theme: &Theme, width: usize, detail: Detail) -> Vec<Span<'static>> {
    let snapshot = run.shown();
    let load = snapshot.load;
    let is_wide = detail.gap >= 3;
    let gap = " ".repeat(detail.gap.min(2));
    let target = run.users.wanted.unwrap_or(load.target);
    let mut users = format!("users {}", load.users);
    if target != load.users {
        users.push_str(&format!("{}{target}", theme.glyph("→", ">")));
    }
    let spawn = PerSecond(run.rate.wanted.unwrap_or(load.spawn_rate));
    let frozen = run.frozen.as_ref().map(|old| {
        let since = run.latest.at.duration_since(old.at).unwrap_or_default();
        format!("FROZEN {}", age(since))
    });
    let mut spans = vec![Span::raw(" ")];
    if detail.name > 0 {
        let name = text::middle(&theme.text(&snapshot.run.scenario), detail.name, theme.ascii);
        spans.push(Span::styled(format!("{name}{gap}"), theme.strong));
    }
    let mut state = state(run, silence, theme);
    if !is_wide {
        state.content = state.content.trim_end().to_owned().into();
    }
    spans.push(state);
    let mut time = gap.clone();
    if detail.clock {
        time.push_str(&clock(snapshot.elapsed));
        if let Some(t) = snapshot.run.run_time.filter(|_| detail.planned) {
            time.push_str(&format!(" of {}", clock(t)));
        }
        // Progress of the run time, if there is room for a bar.
        if let Some(t) = snapshot.run.run_time.filter(|t| detail.meter && width >= 110 && !t.is_zero()) {
            let bar = meter(snapshot.elapsed.as_secs_f64() / t.as_secs_f64(), 14, theme);
            time.push_str(&format!(" {}{bar}{}", theme.glyph("▕", "["), theme.glyph("▏", "]")));
        }
        time.push_str(&" ".repeat(detail.gap));
    }
    spans.push(Span::raw(time));
    // Fields of a fixed width do not move what is beside them.
    let cells = if is_wide { 13 } else { 0 };
    spans.push(Span::styled(format!("{users:<cells$}"), theme.strong));
    let space = if is_wide { " " } else { &gap };
    spans.push(Span::raw(if detail.pace { format!("{space}{}{gap}", pace(snapshot, spawn)) } else { gap.clone() }));
    if let Some(words) = frozen {
        spans.push(Span::styled(words, theme.select));
        spans.push(Span::raw(gap.clone()));
    }
    if snapshot.run.is_insecure {
        let words = if detail.pace { "insecure TLS" } else { "TLS" };
        spans.push(Span::styled(format!("{} {words}{gap}", theme.glyph("▲", "!")), theme.warn));
    }
    spans
}

/// The spawn rate, or, in an open run, the current and planned arrival rate.
fn pace(snapshot: &Snapshot, rate: PerSecond) -> String {
    match snapshot.plan.rate {
        None => format!("+{rate}/s"),
        Some(now) if (now - rate.0).abs() < 0.05 => format!("{rate}/s arrive"),
        Some(now) => format!("{}/s of {rate} arrive", units::rate(now)),
    }
}
