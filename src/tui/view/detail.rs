//! Detail page of a row: response times, rates, phases of a request, and an example of a failure.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{Titles, pane, put, put_lines, scrolled};
use super::histogram;
use crate::report::traces;
use crate::row_kind::RowKind;
use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::{FailureRow, Figures, Mean, PERCENTILE_LABELS, Row, Snapshot};
use crate::tui::cursor::Subject;
use crate::tui::model::{Model, Run};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widget::meter;
use crate::units::{bytes, count, counted, latency, rate};

/// Rows of the pane of response times, including its border: minimum, average and percentiles.
const TIMES: u16 = 15;

/// The detail page of a row.
pub(super) struct Detail<'a> {
    pub model: &'a Model,
    pub run: &'a Run,
    /// First visible line.
    pub scroll: usize,
}

impl Detail<'_> {
    /// Draws the row of `subject`.
    pub fn draw(&self, subject: &Subject, frame: &mut Frame<'_>, area: Rect) {
        let snapshot = self.run.shown();
        match subject {
            Subject::Endpoint { kind, name } => {
                let mut all = std::iter::once(&snapshot.total).chain(&snapshot.endpoints);
                match all.find(|r| r.kind == *kind && r.name == *name) {
                    Some(row) => self.endpoint(row, frame, area),
                    None => self.gone(&title(kind, name), frame, area),
                }
            }
            Subject::Failure { id, kind, name } => {
                let title = title(kind, name);
                match snapshot.failures.rows.iter().find(|row| row.id == *id) {
                    Some(row) => {
                        let lines = failure(row, snapshot, &self.model.theme);
                        self.page(Titles { left: &title, right: "failure" }, lines, frame, area);
                    }
                    None => self.gone(&title, frame, area),
                }
            }
        }
    }

    /// Drawn if the statistics were reset while the page was open.
    fn gone(&self, title: &str, frame: &mut Frame<'_>, area: Rect) {
        let inner = pane(frame, area, Titles { left: title, right: "" }, &self.model.theme, true);
        put(frame, inner, Line::styled(" no data since the reset", self.model.theme.dim));
    }

    /// Draws a scrollable pane of lines.
    fn page(&self, titles: Titles<'_>, lines: Vec<Line<'static>>, frame: &mut Frame<'_>, area: Rect) {
        let inside = |cells: u16| usize::from(cells).saturating_sub(2);
        let lines: Vec<Line<'static>> = lines.into_iter().flat_map(|l| fold(l, inside(area.width))).collect();
        let rows = area.height.saturating_sub(2);
        let scroll = scrolled(self.model, self.scroll, lines.len(), rows);
        let note = match text::place(scroll, rows.into(), lines.len()) {
            Some(place) => format!("{}, lines {place}", titles.right),
            None => titles.right.to_owned(),
        };
        let inner = pane(frame, area, Titles { left: titles.left, right: &note }, &self.model.theme, true);
        put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
    }

    fn endpoint(&self, row: &Row, frame: &mut Frame<'_>, area: Rect) {
        let (theme, run) = (&self.model.theme, self.run);
        let (snapshot, figures) = (run.shown(), run.figures(row));
        let name = title(&row.kind, &row.name);
        let window = if run.window { "last 10 s" } else { "whole run" };
        let kinds: Vec<&FailureRow> =
            snapshot.failures.rows.iter().filter(|r| r.kind == row.kind && r.name == row.name).collect();
        let total = row.kind == RowKind::Aggregated;
        let slowest = slowest(row, snapshot, theme);
        let is_only_slow = kinds.is_empty() && !slowest.is_empty();
        let slowest = if is_only_slow { slowest.into_iter().skip(2).collect() } else { slowest };
        let more = match () {
            () if total => distribution(snapshot, area, theme),
            () if row.kind.is_delivery() => deliveries(snapshot, row, theme),
            () => {
                // What there is comes first: small terminals show two lines.
                let failures = Some(failures(&kinds, row, snapshot, theme)).filter(|_| !is_only_slow);
                failures.into_iter().flatten().chain(slowest.clone()).collect()
            }
        };
        let counts = counts(row, figures, theme);
        let width = usize::from(area.width).saturating_sub(1);
        let head = heading(&theme.text(&name), &theme.text(&counts), asks_for(snapshot, row), width);
        let rows = u16::try_from(head.len()).unwrap_or(u16::MAX);
        // One page that scrolls where panes side by side have no room.
        if area.width < 78 || area.height < TIMES.saturating_add(3).saturating_add(rows) {
            let mut lines = vec![Line::styled(counts, theme.strong), Line::default()];
            lines.extend(asks_for(snapshot, row).map(Line::raw));
            lines.extend(times(figures, 30, theme));
            lines.push(Line::default());
            lines.extend(phases(row, figures, theme));
            lines.push(Line::default());
            lines.extend(more);
            return self.page(Titles { left: &name, right: window }, lines, frame, area);
        }
        let lines = head.into_iter().map(|line| Line::styled(format!(" {line}"), theme.strong)).collect();
        let heights = [Constraint::Length(rows), Constraint::Length(TIMES), Constraint::Fill(1)];
        let [top, middle, below] = Layout::vertical(heights).areas(area);
        let widths = [Constraint::Length(area.width * 3 / 5), Constraint::Fill(1)];
        let [left, right] = Layout::horizontal(widths).areas(middle);
        put_lines(frame, top, lines);
        let inner = pane(frame, left, Titles { left: "Response time", right: window }, theme, false);
        let bar = usize::from(inner.width).saturating_sub(if figures.service.is_some() { 33 } else { 22 });
        put_lines(frame, inner, times(figures, bar, theme));
        let inner = pane(frame, right, Titles { left: "Where the time goes", right: "average" }, theme, false);
        // Of how many, where there is room for it.
        let lines = phases(row, figures, theme).into_iter().map(|mut line| {
            if line.width() > usize::from(inner.width) {
                line.spans.truncate(2);
            }
            line
        });
        put_lines(frame, inner, lines.collect());
        let note = match kinds.len() {
            _ if total => "all endpoints".to_owned(),
            _ if row.kind.is_delivery() => "whole run".to_owned(),
            0 if is_only_slow => "no request has failed".to_owned(),
            0 => "none".to_owned(),
            1 => "1 kind".to_owned(),
            n => format!("{n} kinds"),
        };
        let heading = match () {
            () if total => "Distribution",
            () if row.kind.is_delivery() => "Messages",
            () if slowest.is_empty() => "Failures",
            () if is_only_slow => "Slowest requests",
            () => "Failures, slowest requests",
        };
        self.page(Titles { left: heading, right: &note }, more, frame, below);
    }
}

fn title(kind: &RowKind, name: &str) -> String {
    format!("{kind} {name}").trim().to_owned()
}

/// What a GraphQL operation asks for and costs, to compare with its response time; what a Redis command found.
fn asks_for(snapshot: &Snapshot, row: &Row) -> Option<String> {
    let found = snapshot.redis.as_ref().map(|redis| redis.lookups_of(row)).filter(|found| !found.is_empty());
    if let Some(found) = found {
        return Some(found.to_string());
    }
    let mut operations = snapshot.operations();
    let (_, asked, costs) = operations.find(|(one, ..)| one.kind == row.kind && one.name == row.name)?;
    let costs = costs.to_string();
    let comma = if costs.is_empty() { "" } else { ", " };
    Some(format!("asks for {}{comma}{costs}", asked.words))
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

/// Name, counts, and what an operation asks for: on one line where they fit, else each on lines of its own.
fn heading(name: &str, counts: &str, asks: Option<String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in [Some(name.to_owned()), Some(counts.to_owned()), asks].into_iter().flatten() {
        match lines.last_mut() {
            Some(line) if text::width(line) + 3 + text::width(&part) <= width => {
                line.push_str("   ");
                line.push_str(&part);
            }
            _ => lines.extend(text::wrap(&part, width)),
        }
    }
    lines
}

fn distribution(snapshot: &Snapshot, area: Rect, theme: &Theme) -> Vec<Line<'static>> {
    let rows = usize::from(area.height).saturating_sub(usize::from(TIMES) + 3).clamp(3, 14);
    histogram::of(snapshot, (usize::from(area.width).saturating_sub(2), rows), theme)
}

fn failures(kinds: &[&FailureRow], row: &Row, snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    if kinds.is_empty() {
        let words = if row.total.responses == 0 { " no response yet" } else { " no request has failed" };
        return vec![Line::styled(words, theme.dim)];
    }
    let mut lines = Vec::new();
    for kind in kinds {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(failure(kind, snapshot, theme));
    }
    lines
}

/// The slowest requests of a row with their traces, after an empty line. Empty without trace headers.
fn slowest(row: &Row, snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    let is_row = |index: u32| {
        snapshot.endpoints.get(index as usize).is_some_and(|one| one.kind == row.kind && one.name == row.name)
    };
    let requests = snapshot.slowest.iter().filter(|(index, _)| is_row(*index)).flat_map(|(_, slowest)| slowest.iter());
    let mut lines: Vec<Line<'static>> = requests
        .map(|request| {
            let trace = theme.text(&traces::shown(snapshot, request.trace));
            Line::from(vec![
                Span::raw(text::right(&theme.text(&latency(request.took)), 9, theme.ascii)),
                Span::styled(format!("{:>9}  ", text::ago(request.at, snapshot.at)), theme.dim),
                Span::styled(if request.failed { "failed  " } else { "" }, theme.bad),
                Span::styled(trace, theme.accent),
            ])
        })
        .collect();
    if !lines.is_empty() {
        lines.splice(0..0, [Line::default(), Line::styled(" slowest requests, with their traces", theme.dim)]);
    }
    lines
}

/// What became of the messages of a channel, or a pattern.
fn deliveries(snapshot: &Snapshot, row: &Row, theme: &Theme) -> Vec<Line<'static>> {
    let tallies = snapshot.redis.iter().flat_map(|redis| &redis.rows).filter(|(_, name, _)| *name == row.name);
    let mut all = Tally::default();
    tallies.filter(|(kind, ..)| kind.counts_messages()).for_each(|(.., tally)| all.merge(tally));
    let style = |n: u64| if n > 0 { theme.bad } else { theme.good };
    let share = if all.lost() > 0 { format!(" ({:.3} %)", all.lost_ratio() * 100.0) } else { String::new() };
    let mut lines = vec![
        Line::styled(
            format!(
                " {} lost{share}: {} in the stream, {} while disconnected, {} came late",
                count(all.lost()),
                count(all.lost_in_stream),
                count(all.lost_disconnected),
                count(all.late)
            ),
            style(all.lost()),
        ),
        Line::styled(
            format!(" {} duplicated, {} out of order", count(all.duplicates), count(all.out_of_order)),
            style(all.duplicates + all.out_of_order),
        ),
    ];
    if all.unsettled > 0 {
        let words = format!(" {} unsettled: not received by the end of the wait for them", count(all.unsettled));
        lines.push(Line::styled(words, theme.bad));
    }
    // A pattern has no messages of its own, so their number is unknown.
    if all.published > 0 {
        lines.push(Line::raw(format!(" fan-out {:.1} of {} published", all.fan_out(), count(all.published))));
    }
    if all.foreign > 0 {
        lines.push(Line::styled(format!(" {} of others", counted(all.foreign, "message")), theme.dim));
    }
    lines
}

fn counts(row: &Row, f: &Figures, theme: &Theme) -> String {
    if row.kind.is_delivery() {
        let size = f.bytes.checked_div(f.requests).map_or_else(String::new, |b| format!("   {} a message", bytes(b)));
        return theme.text(&format!("{} deliveries   {}/s{size}", count(f.requests), rate(f.rps)));
    }
    let size = f.bytes.checked_div(f.requests).map_or_else(String::new, |b| format!("   {} a response", bytes(b)));
    let share = if f.failures == 0 { String::new() } else { format!(" ({})", text::share(f)) };
    theme.text(&format!(
        "{}   {} failed{share}   {} req/s{size}",
        counted(f.requests, "request"),
        count(f.failures),
        rate(f.rps)
    ))
}

/// One line a percentile, with a bar against the slowest.
fn times(f: &Figures, bar: usize, theme: &Theme) -> Vec<Line<'static>> {
    let cell = |d: Duration, cells| text::right(&theme.text(&text::time(d, f.responses)), cells, theme.ascii);
    let slowest = f.response.max.as_secs_f64();
    let line = |label: &str, d: Duration, service: Option<Duration>| {
        let part = if slowest > 0.0 && f.responses > 0 { d.as_secs_f64() / slowest } else { 0.0 };
        let mut spans = vec![Span::styled(format!(" {label:>8} "), theme.dim), Span::raw(cell(d, 8))];
        if let Some(service) = service {
            spans.push(Span::styled(cell(service, 11), theme.dim));
        }
        spans.push(Span::styled(format!("  {}", meter(part, bar, theme)), theme.accent));
        Line::from(spans)
    };
    let mut lines = vec![
        line("fastest", f.response.min, f.service.map(|s| s.min)),
        line("average", f.response.mean, f.service.map(|s| s.mean)),
    ];
    for (i, label) in PERCENTILE_LABELS.iter().enumerate() {
        let label = if i + 1 == PERCENTILE_LABELS.len() { "slowest" } else { label };
        lines.push(line(label, f.response.percentiles[i], f.service.map(|s| s.percentiles[i])));
    }
    if f.service.is_some()
        && let Some(first) = lines.first_mut()
    {
        first.spans.truncate(3);
        first.spans.push(Span::styled(" service time", theme.dim));
    }
    lines
}

/// What a response consists of, on average.
fn phases(row: &Row, f: &Figures, theme: &Theme) -> Vec<Line<'static>> {
    let mean = |label: &str, mean: Mean, of: &str| {
        let time = text::time(mean.mean, mean.count);
        let words = if mean.count == 0 { "not measured".to_owned() } else { format!("of {} {of}", count(mean.count)) };
        Line::from(vec![
            Span::styled(format!(" {label:<11}"), theme.dim),
            Span::raw(text::right(&theme.text(&time), 7, theme.ascii)),
            Span::styled(format!("  {words}"), theme.dim),
        ])
    };
    let whole = Mean { count: f.responses.min(f.response.count), mean: f.response.mean };
    if row.kind.is_delivery() {
        return vec![mean("delivery", whole, "messages")];
    }
    let mut lines = vec![
        mean("connect", f.connect, "connections"),
        mean("first byte", f.first_byte, "responses"),
        mean("response", whole, "requests"),
    ];
    if f.connect.count > 0 && f.connect.count * 10 < f.requests {
        lines.push(Line::default());
        lines.push(Line::styled(" connections are kept alive", theme.dim));
    }
    if let Some(service) = &f.service {
        let late = f.response.mean.saturating_sub(service.mean);
        lines.push(Line::default());
        lines.push(Line::styled(format!(" sent {} after it was due", latency(late)), theme.dim));
    }
    lines
}

fn failure(row: &FailureRow, snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {}", theme.text(row.reason.trim())), theme.bad),
        Span::raw(format!("   {}{}", count(row.count), theme.glyph("×", "x"))),
        Span::styled(
            format!("   first {}   last {}", text::ago(row.first, snapshot.at), text::ago(row.last, snapshot.at)),
            theme.dim,
        ),
    ])];
    let Some(example) = &row.example else { return lines };
    if let Some(trace) = example.trace {
        let words = format!(" trace {}", traces::shown(snapshot, trace));
        lines.push(Line::styled(theme.text(&words), theme.accent));
    }
    let plain = ratatui::style::Style::new();
    // Tabs and line ends come from outside; each line is cleaned by itself so that lines stay lines.
    let mut add = |mark: &str, text: &str, style| {
        lines.extend(text.lines().map(|l| Line::styled(format!(" {mark} {}", theme.text(l.trim_end())), style)));
    };
    if let Some(request) = &example.request {
        add(">", &request.line, theme.strong);
        add(">", &request.headers, theme.dim);
        add(">", &request.body, plain);
    }
    if let Some(status) = example.status {
        add("<", &status.to_string(), theme.strong);
    }
    add("<", &example.headers, theme.dim);
    add("<", &example.body, plain);
    add("<", &example.detail, theme.warn);
    lines
}
