//! Percentiles of the highlighted endpoint, and the histogram of all response times if there is room.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::row_kind::RowKind;
use crate::stats::snapshot::{Latency, PERCENTILE_LABELS};
use crate::tui::model::List;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::canvas::{Titles, pane, put_lines};
use crate::tui::view::histogram;

/// Columns of a percentile.
const CELL: usize = 7;
/// Minimum rows of the histogram.
const HISTOGRAM: usize = 4;
const ALL: [usize; 11] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/// 50, 75, 90, 95, 99, 99.9 and 100 %.
const TELLING: [usize; 7] = [0, 2, 4, 5, 7, 8, 10];

pub(super) static PANE: Pane =
    Pane { name: "Percentiles", place: Place::Below { cells: Some(52) }, list: Some(List::Endpoints), rows, draw };

/// Two lines, or three with service times.
fn rows(scene: &Scene<'_>, _: Rect) -> Rows {
    let run = scene.run;
    let rows = if run.figures(run.highlighted()).service.is_some() { 5 } else { 4 };
    Rows { least: rows, most: rows }
}

fn draw(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (run, theme) = (scene.run, &scene.model.theme);
    // Of the highlighted endpoint, or of all if Aggregated is highlighted.
    let row = run.highlighted();
    let figures = run.figures(row);
    let name =
        if row.kind == RowKind::Aggregated { row.name.to_string() } else { format!("{} {}", row.kind, row.name) };
    let focused = scene.focused == PANE.name;
    let room = usize::from(area.width).saturating_sub(Titles::FRAME + 2 + PANE.name.len());
    let name = text::middle(&theme.text(&name), room, theme.ascii);
    let inner = pane(frame, area, Titles { left: PANE.name, right: &name }, theme, focused);
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
        // The label at the end of a line of service times needs room too.
        let room = width.saturating_sub(if figures.service.is_some() { 8 } else { 0 });
        of.chunks((room / CELL).clamp(1, of.len())).map(<[usize]>::to_vec).collect()
    };
    // All percentiles if there is still room for the histogram, else the most important ones.
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

fn labels(of: &[usize]) -> String {
    of.iter().map(|i| format!("{:>CELL$}", PERCENTILE_LABELS[*i])).collect()
}

fn times(latency: &Latency, responses: u64, of: &[usize], theme: &Theme) -> String {
    let cell = |i: &usize| text::right(&theme.text(&text::time(latency.percentiles[*i], responses)), CELL, theme.ascii);
    of.iter().map(cell).collect()
}
