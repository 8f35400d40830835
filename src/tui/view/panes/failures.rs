//! Failures by kind.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::stats::snapshot::FailureRow;
use crate::tui::model::{List, Run};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::canvas::{Titles, pane, put_lines};
use crate::units::count;

pub(super) static PANE: Pane =
    Pane { name: "Failures", place: Place::Below { cells: None }, list: Some(List::Failures), rows, draw };

fn rows(scene: &Scene<'_>, _: Rect) -> Rows {
    let (run, more) = (scene.run, scene.run.shown().failures.more_kinds);
    let kinds = run.failures().len() + usize::from(more > 0);
    let rows = u16::try_from(kinds).unwrap_or(u16::MAX).clamp(1, 7) + 2;
    Rows { least: rows, most: rows }
}

fn draw(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (run, theme) = (scene.run, &scene.model.theme);
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
    let focused = scene.focused == PANE.name;
    let inner = pane(frame, area, Titles { left: PANE.name, right: &note }, theme, focused);
    let width = usize::from(inner.width);
    let columns = Columns::new(&rows, width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if rows.is_empty() {
        let words = match kinds {
            0 if run.shown().total.total.responses == 0 => "  no response yet",
            0 => "  no request has failed",
            _ => "  no failure matches the filter",
        };
        lines.push(Line::styled(words, theme.dim));
    }
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let line = failure(row, run, &columns, theme, focused && i == here);
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

/// Widths that are the same for all lines.
struct Columns {
    width: usize,
    count: usize,
    name: usize,
}

impl Columns {
    fn new(rows: &[&FailureRow], width: usize) -> Self {
        let widest = |cells: fn(&FailureRow) -> usize| rows.iter().map(|r| cells(r)).max().unwrap_or(0);
        Self {
            width,
            count: widest(|r| count(r.count).len()),
            // As much as the names need, but the reason is more important.
            name: widest(|r| text::width(&r.name) + 5).clamp(10, (width * 2 / 5).clamp(10, 44)),
        }
    }
}

fn failure(row: &FailureRow, run: &Run, columns: &Columns, theme: &Theme, selected: bool) -> Line<'static> {
    let mark = if selected { theme.glyph("▸", ">") } else { " " };
    let ago = text::right(&text::ago(row.last, run.shown().at), 8, theme.ascii);
    let name = theme.text(&format!("{:<4} {}", row.kind, row.name));
    let head = format!(
        "{mark} {}{}  {}  ",
        text::right(&count(row.count), columns.count, theme.ascii),
        theme.glyph("×", "x"),
        text::left(&name, columns.name, theme.ascii)
    );
    let room = columns.width.saturating_sub(text::width(&head) + 11);
    let reason = text::left(theme.text(&row.reason).trim(), room, theme.ascii);
    let line = Line::from(vec![
        Span::raw(head),
        Span::styled(reason, theme.bad),
        Span::styled(format!("  {ago} "), theme.dim),
    ]);
    if selected { line.patch_style(theme.select) } else { line }
}
