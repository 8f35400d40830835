//! The panes below the table: failures by kind, and percentiles.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::canvas::{pane, put_lines};
use super::histogram;
use crate::stats::snapshot::{FailureRow, Latency, PERCENTILE_LABELS};
use crate::tui::model::{Focus, Model, Run};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units::count;

pub(super) fn failures(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let view = &run.shown().failures;
    let kinds = view.rows.len() as u64 + view.more_kinds;
    let rows = run.failures();
    let here = run.failure.index();
    let height = usize::from(area.height).saturating_sub(2);
    let first = (here + 1).saturating_sub(height);
    let note = match (text::place(first, height, rows.len()), kinds) {
        (Some(place), _) => format!("{place} kinds"),
        (None, 0) => "none".to_owned(),
        (None, 1) => "1 kind".to_owned(),
        (None, n) => format!("{n} kinds"),
    };
    let focused = run.focus == Focus::Failures;
    let inner = pane(frame, area, ("Failures", &note), theme, focused);
    let width = usize::from(inner.width);
    let layout = Layout::new(&rows, width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if rows.is_empty() {
        let words = match kinds {
            0 if run.shown().total.total.responses == 0 => "  no response yet",
            0 => "  no request has failed",
            _ => "  none passes the filter",
        };
        lines.push(Line::styled(words, theme.dim));
    }
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let line = failure(row, run, &layout, theme, focused && i == here);
        lines.push(line);
    }
    if view.more_kinds > 0 && lines.len() < height {
        lines.push(Line::styled(
            format!("  {} more kinds, {} failures", count(view.more_kinds), count(view.more_count)),
            theme.dim,
        ));
    }
    put_lines(frame, inner, lines);
}

/// Cells of the parts of a failure's line that are the same in all lines.
struct Layout {
    width: usize,
    count: usize,
    name: usize,
}

impl Layout {
    fn new(rows: &[&FailureRow], width: usize) -> Self {
        let widest = |cells: fn(&FailureRow) -> usize| rows.iter().map(|r| cells(r)).max().unwrap_or(0);
        Self {
            width,
            count: widest(|r| count(r.count).len()),
            // As much as the names need, but the reason is what one looks for.
            name: widest(|r| text::width(&r.name) + 5).clamp(10, (width * 2 / 5).clamp(10, 44)),
        }
    }
}

fn failure(row: &FailureRow, run: &Run, layout: &Layout, theme: &Theme, selected: bool) -> Line<'static> {
    let mark = if selected { theme.glyph("▸", ">") } else { " " };
    let ago = text::right(&text::ago(row.last, run.shown().at), 8, theme.ascii);
    let name = theme.text(&format!("{:<4} {}", row.method, row.name));
    let head = format!(
        "{mark} {}{}  {}  ",
        text::right(&count(row.count), layout.count, theme.ascii),
        theme.glyph("×", "x"),
        text::left(&name, layout.name, theme.ascii)
    );
    let room = layout.width.saturating_sub(text::width(&head) + 11);
    let reason = text::left(theme.text(&row.reason).trim(), room, theme.ascii);
    let line = Line::from(vec![
        Span::raw(head),
        Span::styled(reason, theme.bad),
        Span::styled(format!("  {ago} "), theme.dim),
    ]);
    if selected { line.patch_style(theme.select) } else { line }
}

pub(super) fn percentiles(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    // Of the highlighted endpoint; of all together while Aggregated is highlighted.
    let row = run.highlighted();
    let figures = run.figures(row);
    let name = if row.method.is_empty() { row.name.to_string() } else { format!("{} {}", row.method, row.name) };
    let focused = run.focus == Focus::Percentiles;
    let inner = pane(frame, area, ("Percentiles", &name), theme, focused);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let lines_of = |chunk: &[usize]| {
        let mut lines = vec![
            Line::styled(labels(chunk), theme.dim),
            Line::styled(times(&figures.response, figures.responses, chunk, theme), theme.strong),
        ];
        if let Some(service) = &figures.service {
            lines.push(Line::from(vec![
                Span::raw(times(service, figures.responses, chunk, theme)),
                Span::styled(" service", theme.dim),
            ]));
        }
        lines
    };
    let chunks = |of: &[usize]| -> Vec<Vec<usize>> {
        // The last word of a line of service times needs room, too.
        let room = width.saturating_sub(if figures.service.is_some() { 8 } else { 0 });
        of.chunks((room / CELL).clamp(1, of.len())).map(<[usize]>::to_vec).collect()
    };
    // All of them where the histogram still has room below, else those that tell most.
    let all = chunks(&ALL);
    let each = if figures.service.is_some() { 3 } else { 2 };
    let shown =
        if all.len() * each + HISTOGRAM <= height || height < each + HISTOGRAM { all } else { chunks(&TELLING) };
    let mut lines: Vec<Line<'_>> = shown.iter().flat_map(|chunk| lines_of(chunk)).collect();
    let rest = height.saturating_sub(lines.len());
    if rest >= HISTOGRAM {
        lines.extend(histogram::of(run.shown(), (width, rest), theme));
    }
    put_lines(frame, inner, lines);
}

/// Cells of one percentile.
const CELL: usize = 7;
/// Fewest rows a histogram is drawn in.
const HISTOGRAM: usize = 4;
const ALL: [usize; 11] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/// 50, 75, 90, 95, 99, 99.9 and 100 %.
const TELLING: [usize; 7] = [0, 2, 4, 5, 7, 8, 10];

fn labels(of: &[usize]) -> String {
    of.iter().map(|i| format!("{:>CELL$}", PERCENTILE_LABELS[*i])).collect()
}

fn times(latency: &Latency, responses: u64, of: &[usize], theme: &Theme) -> String {
    let cell = |i: &usize| text::right(&theme.text(&text::time(latency.percentiles[*i], responses)), CELL, theme.ascii);
    of.iter().map(cell).collect()
}
