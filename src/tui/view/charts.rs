//! Four charts of the recent past: users, requests, response time, failures. One column a bucket, so that a chart moves
//! once a second and not with every frame.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::dashboard::title_time;
use super::{pane, put_lines, text};
use crate::stats::Snapshot;
use crate::stats::snapshot::Bucket;
use crate::tui::model::{Model, Run};
use crate::tui::widget::columns;
use crate::units::{latency, rate};

struct Chart {
    title: &'static str,
    now: String,
    values: Vec<Option<f64>>,
    style: Style,
    scale: fn(f64) -> String,
}

pub(super) fn draw(model: &Model, run: &Run, frame: &mut Frame<'_>, area: Rect) {
    let (theme, snapshot) = (&model.theme, run.shown());
    let now = &snapshot.total.now;
    let last = snapshot.series.iter().next_back();
    let per_second = |n: u64, b: &Bucket| n as f64 / b.length.as_secs_f64().max(1e-3);
    let p50 = title_time(last.and_then(|b| b.p50));
    let p95 = title_time(last.and_then(|b| b.p95));
    let charts = [
        Chart {
            title: "users",
            now: snapshot.load.users.to_string(),
            values: series(snapshot, |b| Some(f64::from(b.users))),
            style: theme.accent,
            scale: text::short,
        },
        Chart {
            title: "req/s",
            now: rate(now.rps),
            values: series(snapshot, |b| Some(per_second(b.requests, b))),
            style: theme.good,
            scale: text::short,
        },
        Chart {
            title: "p95",
            now: if area.width >= 120 { format!("{p95} (p50 {p50})") } else { p95 },
            values: series(snapshot, |b| b.p95.map(|d| d.as_secs_f64())),
            style: theme.warn,
            scale: |seconds| latency(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))),
        },
        Chart {
            title: "failures/s",
            now: rate(now.fps),
            values: series(snapshot, |b| Some(per_second(b.failures, b))),
            style: theme.bad,
            scale: text::short,
        },
    ];
    let each = area.width / 4;
    for (i, chart) in (0_u16..).zip(charts) {
        let width = if i == 3 { area.width.saturating_sub(each * 3) } else { each };
        let place = Rect { x: area.x + each * i, width, ..area };
        let inner = pane(frame, place, (chart.title, &chart.now), theme, false);
        let lines = if inner.height < 4 { spark(&chart, inner, model) } else { full(&chart, snapshot, inner, model) };
        put_lines(frame, inner, lines);
    }
}

fn series(snapshot: &Snapshot, value: impl Fn(&Bucket) -> Option<f64>) -> Vec<Option<f64>> {
    // The last fifteen minutes are all one second a bucket; no chart is wider than that.
    snapshot.series.fine.iter().map(value).collect()
}

fn peak(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

/// One row of columns, and a row with the scale.
fn spark(chart: &Chart, area: Rect, model: &Model) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let width = usize::from(area.width);
    let shown = &chart.values[chart.values.len().saturating_sub(width)..];
    let top = peak(shown);
    let high = (chart.scale)(top);
    let mut lines: Vec<Line<'static>> =
        columns(shown, width, 1, top, theme).into_iter().map(|row| Line::styled(row, chart.style)).collect();
    let label = format!("0{}{high}", " ".repeat(width.saturating_sub(1 + text::width(&high))));
    lines.push(Line::styled(text::cut(&label, width, theme.ascii), theme.dim));
    lines
}

/// Columns with an axis at the left, the time below, and marks where the load was changed.
fn full(chart: &Chart, snapshot: &Snapshot, area: Rect, model: &Model) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let label = 6;
    let width = usize::from(area.width).saturating_sub(label + 1);
    let height = usize::from(area.height).saturating_sub(2);
    let shown = &chart.values[chart.values.len().saturating_sub(width)..];
    let top = peak(shown);
    let mut lines: Vec<Line<'static>> = columns(shown, width, height, top, theme)
        .into_iter()
        .enumerate()
        .map(|(row, cells)| {
            let (words, axis) = match row {
                0 => ((chart.scale)(top), theme.glyph("┤", "+")),
                r if r == height / 2 => {
                    ((chart.scale)(top * (height - r) as f64 / height as f64), theme.glyph("┤", "+"))
                }
                _ => (String::new(), theme.glyph("│", "|")),
            };
            Line::from(vec![
                Span::styled(format!("{}{axis}", text::right(&words, label, theme.ascii)), theme.dim),
                Span::styled(cells, chart.style),
            ])
        })
        .collect();
    let mut axis = vec![theme.glyph("─", "-"); width];
    for at in marks(snapshot, width) {
        axis[at] = theme.glyph("▲", "^");
    }
    lines.push(Line::styled(format!("{}{}{}", " ".repeat(label), theme.glyph("└", "+"), axis.concat()), theme.dim));
    let from = format!("-{}s", width);
    let gap = width.saturating_sub(from.len() + 3);
    lines.push(Line::styled(format!("{}{from}{}now", " ".repeat(label + 1), " ".repeat(gap)), theme.dim));
    lines
}

/// Cells of the changes of load that are in the picture.
fn marks(snapshot: &Snapshot, width: usize) -> Vec<usize> {
    let Some(last) = snapshot.series.fine.last() else { return Vec::new() };
    let end = last.from + last.length;
    let recent = snapshot.events.iter().rev().map_while(|event| {
        let back = usize::try_from(end.saturating_sub(event.elapsed).as_secs()).ok()?;
        width.checked_sub(back + 1)
    });
    recent.collect()
}
