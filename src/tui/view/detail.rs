//! What one asks next about a row: how slow, how often, and what the server actually said.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{pane, put_lines, text};
use crate::stats::snapshot::{FailureRow, Figures, Mean, PERCENTILE_LABELS, Row, Snapshot};
use crate::tui::model::{Model, Run, Subject};
use crate::tui::theme::Theme;
use crate::units::{bytes, count, latency, rate};

pub(super) fn draw(model: &Model, run: &Run, what: (&Subject, usize), frame: &mut Frame<'_>, area: Rect) {
    let (theme, snapshot, (subject, scroll)) = (&model.theme, run.shown(), what);
    let (title, lines) = match subject {
        Subject::Endpoint { method, name } => {
            let all = std::iter::once(&snapshot.total).chain(&snapshot.endpoints);
            let row = all.into_iter().find(|r| r.method == *method && r.name == *name);
            let lines = row.map(|r| endpoint(r, run.figures(r), snapshot, theme)).unwrap_or_default();
            (format!("{method} {name}"), lines)
        }
        Subject::Failure { method, name, reason } => {
            let same = |f: &&FailureRow| f.method == *method && f.name == *name && f.reason == *reason;
            let lines = snapshot.failures.rows.iter().find(same).map(|f| failure(f, snapshot, theme));
            (format!("{method} {name}"), lines.unwrap_or_default())
        }
    };
    let inner = pane(frame, area, (title.trim(), if run.window { "last 10 s" } else { "whole run" }), theme, true);
    let width = usize::from(inner.width);
    let lines: Vec<Line<'static>> = lines.into_iter().flat_map(|l| fold(l, width)).collect();
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
}

/// A line that is too long goes on below.
fn fold(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    if line.width() <= width {
        return vec![line];
    }
    let style = line.spans.first().map(|s| s.style).unwrap_or_default();
    let words: String = line.spans.iter().map(|s| s.content.as_ref()).collect();
    text::wrap(&words, width).into_iter().map(|l| Line::styled(l, style)).collect()
}

fn endpoint(row: &Row, f: &Figures, snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    let size = f.bytes.checked_div(f.requests).map_or_else(String::new, |b| format!("   {} a reply", bytes(b)));
    let mut lines = vec![
        Line::styled(
            format!(
                "{} requests   {} failed ({})   {} req/s{size}",
                count(f.requests),
                count(f.failures),
                theme.text(&text::share(f)),
                rate(f.rps)
            ),
            theme.strong,
        ),
        Line::default(),
    ];
    let head = if f.service.is_some() { "          response    service" } else { "          response" };
    lines.push(Line::styled(head, theme.dim));
    let t = |d| theme.text(&text::time(d, f.response.count));
    for (label, value) in [("min", f.response.min), ("average", f.response.mean)] {
        lines.push(Line::raw(format!("{label:>8}{:>10}", t(value))));
    }
    for (i, label) in PERCENTILE_LABELS.iter().enumerate() {
        let service = f.service.map_or_else(String::new, |s| format!("{:>11}", latency(s.percentiles[i])));
        lines.push(Line::raw(format!("{label:>8}{:>10}{service}", t(f.response.percentiles[i]))));
    }
    lines.push(Line::default());
    lines.push(Line::raw(format!("connect     {}", mean(f.connect, "new connections"))));
    lines.push(Line::raw(format!("first byte  {}", mean(f.first_byte, "replies"))));
    for failure in snapshot.failures.rows.iter().filter(|r| r.method == row.method && r.name == row.name) {
        lines.push(Line::default());
        lines.extend(self::failure(failure, snapshot, theme));
    }
    lines
}

fn mean(mean: Mean, of: &str) -> String {
    if mean.count == 0 {
        "not measured".to_owned()
    } else {
        format!("{} on average of {} {of}", latency(mean.mean), count(mean.count))
    }
}

fn failure(row: &FailureRow, snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![
        Line::from(vec![
            Span::styled(theme.text(row.reason.trim()), theme.bad),
            Span::raw(format!("   {}{}", count(row.count), theme.glyph("×", "x"))),
        ]),
        Line::styled(
            format!("first {}   last {}", text::ago(row.first, snapshot.at), text::ago(row.last, snapshot.at)),
            theme.dim,
        ),
    ];
    let Some(example) = &row.example else { return lines };
    lines.push(Line::default());
    if let Some(status) = example.status {
        lines.push(Line::styled(format!("< {status}"), theme.strong));
    }
    for (text, style) in
        [(&example.headers, theme.dim), (&example.body, ratatui::style::Style::new()), (&example.detail, theme.warn)]
    {
        // Tabs and line ends are the server's; each line is cleaned by itself so that lines stay lines.
        lines.extend(text.lines().map(|l| Line::styled(format!("< {}", theme.text(l.trim_end())), style)));
    }
    lines
}
