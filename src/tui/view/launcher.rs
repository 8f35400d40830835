//! The launcher: the scenarios, and a preview of the highlighted one.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{Titles, pane, put, put_lines, scrolled};
use super::entries;
use crate::scenario::is_redis;
use crate::tui::model::{Model, Shown};
use crate::tui::preview::Preview;
use crate::tui::starter::ProbeError;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units::plain;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let title = Line::from(vec![
        Span::styled(" katydid", theme.accent.patch(theme.strong)),
        Span::styled("   load tests, steered from the terminal", theme.dim),
    ]);
    let gap = if area.height >= 20 { 1 } else { 0 };
    let rows = [Constraint::Length(1), Constraint::Length(gap), Constraint::Fill(1)];
    let [top, _, body] = Layout::vertical(rows).areas(area);
    put(frame, top, title);
    let wide = if area.width >= 150 {
        48
    } else if area.width >= 120 {
        36
    } else {
        (area.width / 3).clamp(16, 28)
    };
    let [left, right] = Layout::horizontal([Constraint::Length(wide), Constraint::Fill(1)]).areas(body);
    entries::draw(model, frame, left);
    preview(model, frame, right);
}

fn preview(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (theme, launcher) = (&model.theme, &model.launcher);
    let name = launcher.item().map_or("", |item| item.entry.name.as_str());
    model.page_end.set(0);
    match launcher.shown() {
        Shown::NoMatch => {
            let inner = pane(frame, area, Titles { left: "no scenario", right: "" }, theme, false);
            let filter = text::middle(&theme.text(&launcher.filter), 20, theme.ascii);
            let words = format!("No scenario matches /{filter}; Esc removes the filter.");
            let lines = text::wrap(&words, inner.width.into());
            put_lines(frame, inner, lines.into_iter().map(|line| Line::styled(line, theme.warn)).collect());
        }
        Shown::Waiting => {
            let inner = pane(frame, area, Titles { left: name, right: "reading" }, theme, false);
            put(frame, inner, Line::styled("reading the scenario", theme.dim));
        }
        Shown::Error(error) => {
            let inner = pane(frame, area, Titles { left: name, right: "cannot run" }, theme, false);
            let width = usize::from(inner.width);
            // Excerpts are aligned to their column: lines are truncated, not wrapped, unless they are prose.
            let lines: Vec<Line<'_>> = error
                .lines()
                .flat_map(
                    |l| if l.contains('|') || l.contains('│') { vec![l.to_owned()] } else { text::wrap(l, width) },
                )
                .map(|l| Line::raw(text::truncate(&theme.text(&l), width, theme.ascii)))
                .collect();
            let scroll = scrolled(model, launcher.scroll, lines.len(), inner.height);
            put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
        }
        Shown::Preview(preview) => {
            let inner = pane(frame, area, Titles { left: name, right: "" }, theme, false);
            put_lines(frame, inner, describe(model, preview, inner));
        }
    }
}

fn describe(model: &Model, preview: &Preview, area: Rect) -> Vec<Line<'static>> {
    let (theme, overrides) = (&model.theme, &model.launcher.overrides);
    let width = usize::from(area.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for line in preview.description.lines().flat_map(|l| text::wrap(&theme.text(l), width)).take(4) {
        lines.push(Line::raw(line));
    }
    lines.push(Line::default());
    // Values that differ from the file are marked by a style and a star.
    let value = |words: String, cells: usize, changed: bool| {
        let mark = if changed { "*" } else { "" };
        let words = text::middle(&words, cells.saturating_sub(mark.len()), theme.ascii);
        let words = text::left(&format!("{words}{mark}"), cells, theme.ascii);
        Span::styled(words, if changed { theme.accent } else { theme.strong })
    };
    let label = |words: &'static str, cells: usize| Span::styled(text::left(words, cells, true), theme.dim);
    let load = preview.load;
    lines.push(Line::from(vec![
        label("host", 12),
        value(theme.text(&preview.host), width.saturating_sub(12), overrides.host.is_some()),
    ]));
    lines.push(Line::from(vec![
        label("users", 12),
        value(load.users.to_string(), 10, overrides.users.is_some()),
        label("spawn rate", 12),
        value(format!("{}/s", load.spawn_rate), 10, overrides.spawn_rate.is_some()),
    ]));
    let time = load.run_time.map_or_else(|| "until stopped".to_owned(), plain);
    lines.push(Line::from(vec![
        label("run time", 12),
        value(time, 14, overrides.run_time.is_some()),
        label("stop after", 12),
        value(plain(load.stop_timeout), 8, overrides.stop_timeout.is_some()),
    ]));
    lines.push(Line::default());
    tasks(preview, width, theme, &mut lines);
    let height = usize::from(area.height);
    let cost = text::wrap(&theme.text(&preview.cost()), width).into_iter();
    let mut tail: Vec<Line<'static>> = cost.map(|line| Line::styled(line, theme.strong)).collect();
    tail.extend(checks(model, preview, width));
    // Cost and warnings are more important than blank lines and the last tasks.
    let most = height.saturating_sub(tail.len());
    while let Some(blank) = lines.iter().rposition(|line| line.width() == 0).filter(|_| lines.len() > most) {
        lines.remove(blank);
    }
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::styled(theme.glyph("  …", "  ..."), theme.dim));
    }
    let room = height.saturating_sub(lines.len() + tail.len());
    if room >= 4 {
        lines.push(Line::default());
    }
    if room >= 3 {
        let rows = if room >= 4 { room - 1 } else { room };
        lines.extend(ramp(preview, width, rows.min(10), theme));
    }
    if lines.len() + tail.len() + 1 < height {
        lines.push(Line::default());
    }
    lines.extend(tail);
    lines
}

/// Checks that are possible before the start.
fn checks(model: &Model, preview: &Preview, width: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let (yes, open) = (theme.glyph("✓", "*"), theme.glyph("–", "-"));
    let mut found = vec![match model.launcher.refusal() {
        Some(why) => (format!("{} cannot run: {why}", theme.glyph("✗", "x")), theme.bad),
        None => (format!("{yes} scenario is valid"), theme.good),
    }];
    if !preview.host.contains("://") {
        found.push((format!("{yes} target starts with the run"), theme.good));
    } else if !is_redis(&preview.host) {
        found.push((format!("{open} target is not contacted yet: d checks it"), theme.dim));
    }
    if preview.is_insecure {
        found.push((format!("{} TLS certificates are not verified", theme.glyph("▲", "!")), theme.warn));
    }
    if let Some((target, _)) = &preview.redis {
        let place = target.shown();
        let place = place.split("://").nth(1).unwrap_or(&place);
        let probed = model.launcher.probed.as_ref().filter(|probed| probed.url == target.first_url());
        found.push(match probed.map(|probed| &probed.answer) {
            None => (format!("{open} connecting to Redis at {place}"), theme.dim),
            Some(Ok(())) => (format!("{yes} Redis responds at {place}"), theme.good),
            Some(Err(ProbeError { why, reached: true })) => {
                (format!("{} Redis at {place}: {why}", theme.glyph("✗", "x")), theme.bad)
            }
            Some(Err(ProbeError { why, reached: false })) => {
                let help = how_to_start(place);
                // The command that starts a server is enough.
                let why = if help.is_empty() { format!(" ({why})") } else { String::new() };
                (format!("{} no Redis at {place}{why}{help}", theme.glyph("✗", "x")), theme.bad)
            }
        });
    }
    if !model.launcher.destinations.is_empty() {
        let arrow = theme.glyph("→", ">");
        found.push((format!("{arrow} sends to {}", model.launcher.destinations.join(", ")), theme.accent));
    }
    found.extend(preview.remarks.iter().map(|words| (format!("! {words}"), theme.warn)));
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (words, style) in found {
        let words = theme.text(&words);
        match lines.last_mut() {
            Some(line) if line.width() + 3 + text::width(&words) <= width => {
                line.push_span(Span::styled(format!("   {words}"), style));
            }
            _ => lines.extend(text::wrap(&words, width).into_iter().map(|line| Line::styled(line, style))),
        }
    }
    lines
}

/// How to start a Redis server on this machine; empty for other machines.
fn how_to_start(place: &str) -> String {
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "6379"));
    if !["127.0.0.1", "localhost", "[::1]"].contains(&host) {
        return String::new();
    }
    let server = if port == "6379" { "redis-server".to_owned() } else { format!("redis-server --port {port}") };
    format!(": start one with `{server}` or `docker run -p {port}:6379 redis`")
}

fn tasks(preview: &Preview, width: usize, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let names: Vec<String> = preview.classes.iter().flat_map(|c| &c.tasks).map(|task| theme.text(&task.0)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let classes: Vec<String> = preview.classes.iter().map(|class| theme.text(&class.name)).collect();
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    let heaviest = preview.classes.iter().flat_map(|c| &c.tasks).map(|t| t.1).max().unwrap_or(1).max(1);
    // Bar, weight and steps take 28 columns.
    let most = width.saturating_sub(28).max(18);
    let cells = names.iter().map(|name| text::width(name)).max().unwrap_or(0).clamp(8, most);
    let mut names = text::names(&names, cells, theme.ascii).into_iter();
    let classes = text::names(&classes, cells + 2, theme.ascii);
    for (class, called) in preview.classes.iter().zip(classes) {
        lines.push(Line::from(vec![
            Span::styled(text::left(&called, cells + 3, theme.ascii), theme.strong),
            Span::raw(format!("{}  {}", text::left(&class.share, 9, theme.ascii), theme.text(&class.wait))),
        ]));
        for ((_, weight, steps), called) in class.tasks.iter().zip(names.by_ref()) {
            let bar = crate::tui::widget::meter(f64::from(*weight) / f64::from(heaviest), 8, theme);
            let word = if *steps == 1 { "step" } else { "steps" };
            lines.push(Line::from(vec![
                Span::raw(format!("  {} ", text::left(&called, cells, theme.ascii))),
                Span::styled(bar, theme.accent),
                Span::raw(format!(" {weight:>4}   {steps} {word}")),
            ]));
        }
    }
}

/// A chart of the load over time: users, or arrivals per second. A plain ramp always gets the first third.
fn ramp(preview: &Preview, width: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (cells, rows) = (width.saturating_sub(8).min(72), height.saturating_sub(1).max(2));
    if preview.schedule.is_shaped() {
        let (levels, peak) = preview.levels(cells);
        let top = (rows - 1) as f64 / peak.max(f64::MIN_POSITIVE);
        let level = |cell: usize| levels.get(cell).map_or(0, |level| (level * top).round() as usize);
        let mut lines = drawn(cells, rows, peak, level, theme);
        let last = preview.schedule.length().map_or_else(|| theme.glyph("…", "...").to_owned(), plain);
        let what = if preview.schedule.is_open() { "arrivals per second" } else { "users" };
        let gap = cells.saturating_sub(2 + text::width(what) + text::width(&last));
        let words = format!("0s{}{what}{}{last}", " ".repeat(gap / 2), " ".repeat(gap - gap / 2));
        lines.push(Line::styled(format!("       {}", text::truncate(&words, cells, theme.ascii)), theme.dim));
        return lines;
    }
    let users = f64::from(preview.load.users.0);
    let ramp = preview.ramp();
    let end = preview.load.run_time;
    // The run may end before the ramp does.
    let reached = end.map_or(1.0, |t| t.as_secs_f64() / ramp.as_secs_f64().max(1e-3)).min(1.0);
    let rising = if reached < 1.0 { cells } else { cells / 3 };
    let level = |cell: usize| {
        let part = if cell < rising { (cell + 1) as f64 / rising.max(1) as f64 * reached } else { 1.0 };
        (part * (rows - 1) as f64).round() as usize
    };
    let mut lines = drawn(cells, rows, users, level, theme);
    let full = if ramp < Duration::from_secs(1) { "at once".to_owned() } else { format!("all after {}", plain(ramp)) };
    let full = if reached < 1.0 { "still rising at the end".to_owned() } else { full };
    let last = end.map_or_else(|| theme.glyph("…", "...").to_owned(), plain);
    let start = if reached < 1.0 { 4 } else { rising.max(4) };
    let gap = cells.saturating_sub(start + text::width(&full) + text::width(&last));
    let words = format!("0s{}{full}{}{last}", " ".repeat(start - 2), " ".repeat(gap));
    lines.push(Line::styled(format!("       {}", text::truncate(&words, cells, theme.ascii)), theme.dim));
    lines
}

/// Draws a line with its axis; the top row is `peak`.
fn drawn(cells: usize, rows: usize, peak: f64, level: impl Fn(usize) -> usize, theme: &Theme) -> Vec<Line<'static>> {
    let turn = |row: usize, cell: usize| {
        let (before, here) = (if cell == 0 { 0 } else { level(cell - 1) }, level(cell));
        match (row == here, row == before) {
            (true, true) => theme.glyph("─", "-"),
            (true, false) => theme.glyph("╭", "/"),
            (false, true) => theme.glyph("╯", "/"),
            (false, false) if row > before && row < here => theme.glyph("│", "|"),
            (false, false) => " ",
        }
    };
    (0..rows)
        .rev()
        .map(|row| {
            let (label, axis) = match row {
                0 => ("0".to_owned(), theme.glyph("┼", "+")),
                r if r + 1 == rows => (text::short(peak), theme.glyph("┤", "|")),
                _ => (String::new(), theme.glyph("│", "|")),
            };
            let drawn: String = (0..cells).map(|cell| turn(row, cell)).collect();
            Line::from(vec![Span::styled(format!("{label:>6}{axis}"), theme.dim), Span::styled(drawn, theme.accent)])
        })
        .collect()
}
