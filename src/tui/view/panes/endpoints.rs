//! The endpoints table, with Aggregated last. On narrow terminals, columns are dropped by priority.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::names::{names, nothing_matches};
use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::row_kind::RowKind;
use crate::stats::snapshot::{Figures, Row};
use crate::tui::model::{List, Sort};
use crate::tui::text;
use crate::tui::view::canvas::{Titles, pane, put_lines};
use crate::units::{count, latency, rate};

pub(super) static PANE: Pane =
    Pane { name: "Endpoints", place: Place::Middle, list: Some(List::Endpoints), rows, draw };

struct Column {
    title: &'static str,
    cells: usize,
    /// Columns with a lower number are kept longer.
    rank: u8,
    sort: Option<Sort>,
    /// Formats the value in at most this many columns.
    value: fn(&Figures, usize) -> String,
}

fn p(figures: &Figures, percentile: f64) -> String {
    text::time(figures.response.p(percentile), figures.responses)
}

const COLUMNS: [Column; 12] = [
    Column { title: "Requests", cells: 10, rank: 1, sort: Some(Sort::Requests), value: |f, c| number(f.requests, c) },
    Column {
        title: "Fails",
        cells: 9,
        rank: 8,
        sort: None,
        value: |f, c| if f.failures == 0 { "–".into() } else { number(f.failures, c) },
    },
    Column { title: "Fail", cells: 7, rank: 2, sort: Some(Sort::Fail), value: |f, _| text::share(f) },
    Column { title: "Req/s", cells: 8, rank: 3, sort: Some(Sort::Rps), value: |f, c| per_second(f.rps, c) },
    Column { title: "avg", cells: 7, rank: 9, sort: None, value: |f, _| text::time(f.response.mean, f.responses) },
    Column { title: "min", cells: 7, rank: 11, sort: None, value: |f, _| text::time(f.response.min, f.responses) },
    Column { title: "p50", cells: 6, rank: 4, sort: Some(Sort::P50), value: |f, _| p(f, 50.0) },
    Column { title: "p95", cells: 7, rank: 0, sort: Some(Sort::P95), value: |f, _| p(f, 95.0) },
    Column { title: "p99", cells: 7, rank: 5, sort: Some(Sort::P99), value: |f, _| p(f, 99.0) },
    Column { title: "p99.9", cells: 7, rank: 10, sort: None, value: |f, _| p(f, 99.9) },
    Column {
        title: "max",
        cells: 7,
        rank: 6,
        sort: Some(Sort::Max),
        value: |f, _| text::time(f.response.max, f.responses),
    },
    Column {
        title: "service p95",
        cells: 13,
        rank: 7,
        sort: None,
        value: |f, _| f.service.map_or_else(|| "–".into(), |l| latency(l.p(95.0))),
    },
];

/// Exact if there is room, else rounded with a suffix: a truncated count would be wrong.
fn number(n: u64, cells: usize) -> String {
    let exact = count(n);
    if exact.len() < cells { exact } else { text::short(n as f64) }
}

/// As [`number`], with a decimal if it is small.
fn per_second(n: f64, cells: usize) -> String {
    let exact = rate(n);
    if exact.len() < cells { exact } else { text::short(n) }
}

/// The columns that fit next to a name of at least `name` columns.
fn fitting(width: usize, service: bool) -> Vec<&'static Column> {
    let name = if width >= 110 { 30 } else { 22 };
    let mut ranked: Vec<&Column> = COLUMNS.iter().filter(|c| service || c.title != "service p95").collect();
    ranked.sort_by_key(|c| c.rank);
    let mut room = width.saturating_sub(name + 3);
    let kept: Vec<u8> = ranked
        .iter()
        .map_while(|c| {
            room = room.checked_sub(c.cells)?;
            Some(c.rank)
        })
        .collect();
    COLUMNS.iter().filter(|c| kept.contains(&c.rank)).collect()
}

/// Its rows, a heading, Aggregated, and the border.
fn rows(scene: &Scene<'_>, _: Rect) -> Rows {
    let (run, shown) = (scene.run, scene.run.endpoints().len());
    // Or a line that says why there is none.
    let lines = shown.max(usize::from(!run.filter.is_empty()));
    let rows = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(4);
    Rows { least: 5, most: rows }
}

fn draw(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (run, theme) = (scene.run, &scene.model.theme);
    let arrow = if run.reverse { theme.glyph("↑", "^") } else { theme.glyph("↓", "v") };
    let mut notes = Vec::new();
    if !run.filter.is_empty() {
        notes.push(format!("/{}", run.filter));
    }
    notes.push(if run.window { "last 10 s".to_owned() } else { "whole run".to_owned() });
    if run.sort != Sort::Plan || run.reverse {
        notes.push(format!("sort: {} {arrow}", run.sort.word()));
    }
    let focused = scene.focused == PANE.name;
    let rows = run.endpoints();
    // Heading and Aggregated are always visible; the rows between them scroll.
    let here = run.endpoint.index();
    let room = usize::from(area.height).saturating_sub(4);
    let first = (here + 1).min(rows.len()).saturating_sub(room);
    notes.splice(0..0, text::place(first, room, rows.len()));
    let inner = pane(frame, area, Titles { left: PANE.name, right: &notes.join("  ") }, theme, focused);
    let width = usize::from(inner.width);
    let total = &run.shown().total;
    let service = total.total.service.is_some() || rows.iter().any(|r| r.total.service.is_some());
    let columns = fitting(width, service);
    // Includes a mark at the left and a margin at the right.
    let name = width.saturating_sub(3 + columns.iter().map(|c| c.cells).sum::<usize>());
    let mut heading = vec![Span::styled(format!("  {}", text::left("Name", name, true)), theme.dim)];
    for column in &columns {
        let sorted = column.sort == Some(run.sort);
        let style = if sorted { theme.strong } else { theme.dim };
        heading.push(Span::styled(text::right(column.title, column.cells, theme.ascii), style));
    }
    let mut lines = vec![Line::from(heading)];
    let names = names(rows.iter().map(|row| (&row.kind, &*row.name)), name, theme);
    for (i, (row, name)) in rows.iter().zip(&names).enumerate().skip(first).take(room) {
        lines.push(line(scene, row, focused && i == here, name, &columns));
    }
    // Above Aggregated, whose figures are not those of the rows that are shown.
    if rows.is_empty() && !run.filter.is_empty() && room > 0 {
        lines.push(nothing_matches("row", &run.filter, width, theme));
    }
    let label = text::left(&aggregated(&total.name, !run.filter.is_empty(), name), name, theme.ascii);
    lines.push(line(scene, total, focused && here >= rows.len(), &label, &columns));
    put_lines(frame, inner, lines);
}

/// The name of the last row. Under a filter, it says that it still sums all rows.
fn aggregated(name: &str, is_filtered: bool, cells: usize) -> String {
    let notes = [" (all rows)", " (all)"];
    let note = notes.into_iter().filter(|_| is_filtered).find(|note| name.len() + note.len() <= cells);
    format!("{name}{}", note.unwrap_or_default())
}

/// `name` has exactly the columns of the name.
fn line(scene: &Scene<'_>, row: &Row, selected: bool, name: &str, columns: &[&Column]) -> Line<'static> {
    let theme = &scene.model.theme;
    let figures = scene.run.figures(row);
    let mark = if selected { theme.glyph("▸", ">") } else { " " };
    let base = if row.kind == RowKind::Aggregated { theme.strong } else { ratatui::style::Style::new() };
    let mut spans = vec![Span::styled(format!("{mark} {name}"), base)];
    for column in columns {
        let failing = column.title.starts_with("Fail") && figures.failures > 0;
        let value = (column.value)(figures, column.cells);
        let value = if theme.ascii { theme.text(&value) } else { value };
        spans
            .push(Span::styled(text::right(&value, column.cells, theme.ascii), if failing { theme.bad } else { base }));
    }
    spans.push(Span::styled(" ", base));
    let line = Line::from(spans);
    if selected { line.patch_style(theme.select) } else { line }
}
