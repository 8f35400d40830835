//! The panes below the table: failures by kind, and percentiles.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{pane, put_lines, text};
use crate::stats::snapshot::{FailureRow, Latency, PERCENTILE_LABELS};
use crate::tui::model::{Focus, Model, Run};
use crate::tui::theme::Theme;
use crate::units::count;

pub(super) fn failures(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let view = &run.shown().failures;
    let kinds = view.rows.len() as u64 + view.more_kinds;
    let note = match kinds {
        0 => "none".to_owned(),
        1 => "1 kind".to_owned(),
        n => format!("{n} kinds"),
    };
    let focused = run.focus == Focus::Failures;
    let inner = pane(frame, area, ("Failures", &note), theme, focused);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let rows = run.failures();
    let here = run.rows[1];
    let first = (here + 1).saturating_sub(height);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if rows.is_empty() {
        let words = if kinds == 0 { "  no request has failed" } else { "  none passes the filter" };
        lines.push(Line::styled(words, theme.dim));
    }
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let line = failure(row, run, width, theme, focused && i == here);
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

fn failure(row: &FailureRow, run: &Run, width: usize, theme: &Theme, selected: bool) -> Line<'static> {
    let mark = if selected { theme.glyph("▸", ">") } else { " " };
    let times = theme.glyph("×", "x");
    let ago = text::right(&text::ago(row.last, run.shown().at), 9, theme.ascii);
    let name_cells = (width / 3).clamp(10, 40);
    let name = theme.text(&format!("{:<4} {}", row.method, row.name));
    let head = format!("{mark}{:>8}{times}  {} ", count(row.count), text::left(&name, name_cells, theme.ascii));
    let room = width.saturating_sub(text::width(&head) + 11);
    let reason = text::left(theme.text(&row.reason).trim(), room, theme.ascii);
    let line =
        Line::from(vec![Span::raw(head), Span::styled(reason, theme.bad), Span::styled(format!("  {ago}"), theme.dim)]);
    if selected { line.patch_style(theme.select) } else { line }
}

pub(super) fn percentiles(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let rows = run.endpoints();
    // Of the highlighted endpoint; of all together while Aggregated is highlighted.
    let row = rows.get(run.rows[0]).copied().unwrap_or(&run.shown().total);
    let figures = run.figures(row);
    let name = if row.method.is_empty() { row.name.to_string() } else { format!("{} {}", row.method, row.name) };
    let focused = run.focus == Focus::Percentiles;
    let inner = pane(frame, area, ("Percentiles", &name), theme, focused);
    let width = usize::from(inner.width);
    let mut lines = Vec::new();
    for chunk in chunks(width) {
        lines.push(Line::styled(labels(chunk.clone()), theme.dim));
        lines.push(Line::styled(times(&figures.response, chunk.clone(), theme), theme.strong));
        if let Some(service) = &figures.service {
            lines.push(Line::from(vec![Span::raw(times(service, chunk, theme)), Span::styled(" service", theme.dim)]));
        }
    }
    put_lines(frame, inner, lines);
}

/// Positions of the percentiles, as many in a row as fit.
pub(super) fn chunks(width: usize) -> Vec<std::ops::Range<usize>> {
    let each = (width / 7).clamp(1, 11);
    (0..11).step_by(each).map(|from| from..(from + each).min(11)).collect()
}

fn labels(range: std::ops::Range<usize>) -> String {
    PERCENTILE_LABELS[range].iter().map(|l| format!("{l:>7}")).collect()
}

fn times(latency: &Latency, range: std::ops::Range<usize>, theme: &Theme) -> String {
    let cell = |d: &std::time::Duration| text::right(&theme.text(&text::time(*d, latency.count)), 7, theme.ascii);
    latency.percentiles[range].iter().map(cell).collect()
}
