//! Failures by kind.

use std::time::SystemTime;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::names::{KIND, names, nothing_matches};
use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::stats::snapshot::FailureRow;
use crate::tui::model::List;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::canvas::{Titles, pane, put_lines};
use crate::units::{count, counted};

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
    let is_filtered = !run.filter.is_empty();
    let here = run.failure.index();
    let height = usize::from(area.height).saturating_sub(2);
    let first = (here + 1).saturating_sub(height);
    let note = match (text::place(first, height, rows.len()), kinds) {
        (Some(place), _) => format!("{place} kinds"),
        (None, 0) => "none".to_owned(),
        (None, n) if is_filtered => format!("{} of {}", count(rows.len() as u64), counted(n, "kind")),
        (None, 1) => "1 kind".to_owned(),
        (None, n) => format!("{n} kinds"),
    };
    let focused = scene.focused == PANE.name;
    let inner = pane(frame, area, Titles { left: PANE.name, right: &note }, theme, focused);
    let width = usize::from(inner.width);
    let columns = Columns::new(&rows, width, run.shown().at);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if rows.is_empty() {
        let only_warm_up = run.shown().only_warm_up();
        lines.push(match kinds {
            0 if only_warm_up.is_some() => Line::styled(format!("  {}", only_warm_up.unwrap_or_default()), theme.warn),
            0 if run.shown().total.total.responses == 0 => Line::styled("  no response yet", theme.dim),
            0 => Line::styled("  no request has failed", theme.dim),
            _ => nothing_matches("failure", &run.filter, width, theme),
        });
    }
    let names = names(rows.iter().map(|row| (&row.kind, &*row.name)), columns.name, theme);
    let reasons: Vec<String> = rows.iter().map(|row| theme.text(row.reason.trim())).collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    let reasons = text::names(&reasons, columns.reason, theme.ascii);
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        lines.push(columns.line(row, (&names[i], &reasons[i]), focused && i == here, theme));
    }
    if view.more_kinds > 0 && lines.len() < height {
        lines.push(Line::styled(
            format!("  {} more kinds, {} failures", count(view.more_kinds), count(view.more_count)),
            theme.dim,
        ));
    }
    put_lines(frame, inner, lines);
}

/// Columns of `59m ago`, with a blank before it.
const AGE: usize = 8;

/// What is the same for all lines: widths, and the time that ages are counted from.
struct Columns {
    count: usize,
    name: usize,
    reason: usize,
    now: SystemTime,
}

impl Columns {
    fn new(rows: &[&FailureRow], width: usize, now: SystemTime) -> Self {
        let widest = |cells: fn(&FailureRow) -> usize| rows.iter().map(|r| cells(r)).max().unwrap_or(0);
        let count = widest(|r| count(r.count).len());
        // As much as the names need, but the reason is more important.
        let name = widest(|r| text::width(&r.name) + KIND.max(r.kind.name().len() + 1));
        let name = name.clamp(10, (width * 2 / 5).clamp(10, 44));
        // Besides them: the mark, the sign after the count, the age, and the space between all.
        Self { count, name, reason: width.saturating_sub(count + name + 7 + AGE + 3), now }
    }

    fn line(&self, row: &FailureRow, (name, reason): (&str, &str), selected: bool, theme: &Theme) -> Line<'static> {
        let mark = if selected { theme.glyph("▸", ">") } else { " " };
        let count = text::right(&count(row.count), self.count, theme.ascii);
        let ago = text::right(&text::ago(row.last, self.now), AGE, theme.ascii);
        let line = Line::from(vec![
            Span::raw(format!("{mark} {count}{}  {name}  ", theme.glyph("×", "x"))),
            Span::styled(text::left(reason, self.reason, theme.ascii), theme.bad),
            Span::styled(format!("  {ago} "), theme.dim),
        ]);
        if selected { line.patch_style(theme.select) } else { line }
    }
}
