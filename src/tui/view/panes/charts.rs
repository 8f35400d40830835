//! Four charts over time: users, requests, response time, failures. All have the same columns, a scale, the current
//! value, and marks where the load was changed.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::stats::Snapshot;
use crate::tui::history::{Column, History};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::canvas::{Titles, pane, put, put_lines};
use crate::tui::widget::{Layer, Plot, columns, layered};
use crate::units::{latency, plain, rate};

pub(super) static PANE: Pane = Pane { name: "Charts", place: Place::Top, list: None, rows, draw };

/// Narrower screens have no chart of users.
const NARROW: u16 = 72;
/// Columns of the scale at the left of a large chart, including its line.
const SCALE: u16 = 7;
/// Columns of the legend at the right of response times.
const LEGEND: u16 = 8;
/// Columns of `p95 ` before a row of response times in small charts.
const LABEL: u16 = 4;

struct Chart {
    /// Its name, and a shorter one for narrow charts.
    names: [&'static str; 2],
    /// The current value.
    now: f64,
    value: fn(&Column) -> Option<f64>,
    style: Style,
    words: fn(f64) -> String,
}

/// Depends on the size of the whole screen.
fn rows(_: &Scene<'_>, screen: Rect) -> Rows {
    let rows = match screen {
        Rect { width: 118.., height: 33.., .. } => 10 + (screen.height - 33) / 4,
        Rect { width: 100.., height: 27.., .. } => 8,
        _ => 4,
    };
    Rows { least: rows, most: rows }
}

fn draw(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (theme, snapshot) = (&scene.model.theme, scene.run.shown());
    let large = area.height >= 7;
    let is_narrow = area.width < NARROW;
    let count = if is_narrow { 3 } else { 4 };
    let fixed = if large { count * (2 + SCALE) + LEGEND } else { count * 2 + LABEL + LEGEND };
    let cells = area.width.saturating_sub(fixed) / count;
    let history = History::new(snapshot, scene.run.span, cells.into());
    let now = &snapshot.total.now;
    let charts = [
        Chart {
            names: ["users", "usr"],
            now: snapshot.load.users.into(),
            value: |c| Some(c.users),
            style: theme.accent,
            words: text::short,
        },
        Chart { names: ["req/s", "r/s"], now: now.rps, value: |c| Some(c.rps), style: theme.good, words: text::short },
        Chart { names: ["fails/s", "f/s"], now: now.fps, value: |c| Some(c.fps), style: theme.bad, words: text::short },
    ];
    let each = Constraint::Length(cells + if large { 2 + SCALE } else { 2 });
    let picture = Picture { snapshot, history: &history, cells: cells.into(), theme };
    // The number of users is in the head too.
    let charts = charts.iter().skip(usize::from(is_narrow));
    // Response times come before failures and get the rest.
    let at = usize::from(count) - 2;
    let widths = (0..usize::from(count)).map(|i| if i == at { Constraint::Fill(1) } else { each });
    let places = Layout::horizontal(widths).split(area);
    let (times, others): (Vec<_>, Vec<_>) = places.iter().enumerate().partition(|(i, _)| *i == at);
    for (chart, (_, place)) in charts.zip(others) {
        picture.simple(chart, frame, *place, large);
    }
    for (_, place) in times {
        picture.times(frame, *place, large);
    }
}

struct Picture<'a> {
    snapshot: &'a Snapshot,
    history: &'a History,
    cells: usize,
    theme: &'a Theme,
}

impl Picture<'_> {
    fn simple(&self, chart: &Chart, frame: &mut Frame<'_>, area: Rect, large: bool) {
        let theme = self.theme;
        let is_users = chart.names[0] == "users";
        let exact = if is_users { text::whole(chart.now) } else { rate(chart.now) };
        let (name, now) = title(chart.names, [exact, (chart.words)(chart.now)], area.width.into());
        let inner = pane(frame, area, Titles { left: name, right: &now }, theme, false);
        let values: Vec<Option<f64>> = self.history.columns.iter().map(|c| c.as_ref().and_then(chart.value)).collect();
        // The current second may be in no column yet, but must not exceed the scale.
        let top = peak(&values).max(chart.now);
        if large {
            let height = plot_height(inner);
            let rows = columns(&values, Plot { width: self.cells, height, top }, theme);
            let rows = rows.into_iter().map(|row| vec![Span::styled(row, chart.style)]).collect();
            put_lines(frame, inner, self.framed(rows, |part| (chart.words)(top * part), is_users));
        } else {
            let plot = Plot { width: inner.width.into(), height: 1, top };
            let mut lines: Vec<Line<'_>> =
                columns(&values, plot, theme).into_iter().map(|row| Line::styled(row, chart.style)).collect();
            let max = format!("max {}", (chart.words)(top));
            lines.push(Line::styled(self.ends(&max, inner.width.into()), theme.dim));
            put_lines(frame, inner, lines);
            self.border_marks(frame, area, inner.right());
        }
    }

    /// The median in front of the 95th percentile, with both values next to them.
    fn times(&self, frame: &mut Frame<'_>, area: Rect, large: bool) {
        let theme = self.theme;
        let series = |value: fn(&Column) -> Option<f64>| -> Vec<Option<f64>> {
            self.history.columns.iter().map(|c| c.as_ref().and_then(value)).collect()
        };
        // Requests without response have no response time.
        let (p50, p95) = match self.snapshot.total.total.responses {
            0 => (Vec::new(), Vec::new()),
            _ => (series(|c| c.p50), series(|c| c.p95)),
        };
        let newest = self.snapshot.series.iter().next_back().filter(|_| self.snapshot.total.now.responses > 0);
        let now = |value: Option<Duration>| value.map_or_else(|| "–".to_owned(), latency);
        let (now50, now95) = (now(newest.and_then(|b| b.p50)), now(newest.and_then(|b| b.p95)));
        let top = peak(&p95).max(peak(&p50));
        let max = if top > 0.0 { format!("max {}", seconds(top)) } else { String::new() };
        let (name, max) = title(["response", "resp"], [max, String::new()], area.width.into());
        let inner = pane(frame, area, Titles { left: name, right: &max }, theme, false);
        let (front, behind) = (theme.accent, theme.warn);
        if large {
            let height = plot_height(inner);
            let high = Layer { values: &p95, style: behind };
            let low = Layer { values: &p50, style: front };
            let rows = layered(high, low, Plot { width: self.cells, height, top }, theme);
            let widths = [Constraint::Fill(1), Constraint::Length(LEGEND)];
            let [chart, beside] = Layout::horizontal(widths).areas(inner);
            // Without a response there is no scale.
            let is_empty = p95.iter().chain(&p50).all(Option::is_none);
            let scale = |part| if is_empty { String::new() } else { seconds(top * part) };
            let lines = self.framed(rows, scale, false);
            put_lines(frame, chart, lines);
            let swatch = if behind.fg.is_some() { theme.glyph("█", "#") } else { theme.glyph("░", ":") };
            let legend = vec![
                Line::styled(format!(" {swatch} p95"), behind),
                Line::styled(format!("   {}", theme.text(&now95)), theme.strong),
                Line::styled(format!(" {} p50", theme.glyph("█", "#")), front),
                Line::styled(format!("   {}", theme.text(&now50)), theme.strong),
            ];
            put_lines(frame, beside, legend);
        } else {
            let room = usize::from(inner.width).saturating_sub(self.cells + usize::from(LABEL));
            let row = |name: &'static str, values: &[Option<f64>], now: &str, style| {
                let drawn = columns(values, Plot { width: self.cells, height: 1, top }, theme).concat();
                Line::from(vec![
                    Span::styled(name, theme.dim),
                    Span::styled(drawn, style),
                    Span::styled(text::right(&theme.text(now), room, theme.ascii), theme.strong),
                ])
            };
            let lines = vec![row("p95 ", &p95, &now95, behind), row("p50 ", &p50, &now50, front)];
            put_lines(frame, inner, lines);
            let end = inner.x.saturating_add(LABEL).saturating_add(u16::try_from(self.cells).unwrap_or(u16::MAX));
            self.border_marks(frame, area, end);
        }
    }

    /// Adds the scale at the left, and the time axis with marks below.
    fn framed(&self, rows: Vec<Vec<Span<'static>>>, scale: impl Fn(f64) -> String, named: bool) -> Vec<Line<'static>> {
        let (theme, height, width) = (self.theme, rows.len(), self.cells);
        let label = usize::from(SCALE) - 1;
        let mut lines = Vec::with_capacity(height + 2);
        for (i, spans) in rows.into_iter().enumerate() {
            // Full height, and half of it where a row starts there.
            let part = (i == 0 || i * 2 == height).then(|| (height - i) as f64 / height as f64);
            let words = part.map_or_else(String::new, &scale);
            let line = if part.is_some() { theme.glyph("┤", "+") } else { theme.glyph("│", "|") };
            let mut all = vec![Span::styled(
                format!("{}{line}", text::right(&theme.text(&words), label, theme.ascii)),
                theme.dim,
            )];
            all.extend(spans);
            lines.push(Line::from(all));
        }
        let mut axis = vec![theme.glyph("─", "-"); width];
        let marks = self.marks();
        for back in &marks {
            if let Some(cell) = width.checked_sub(back + 1).and_then(|i| axis.get_mut(i)) {
                *cell = theme.glyph("▲", "^");
            }
        }
        let zero = text::right("0", label, true);
        lines.push(Line::styled(format!("{zero}{}{}", theme.glyph("┼", "+"), axis.concat()), theme.dim));
        let event = self.snapshot.events.last().filter(|_| named && !marks.is_empty());
        let words = event.map_or_else(String::new, |e| theme.text(&format!("{}{}", theme.glyph("▲", "^"), e.text)));
        lines.push(Line::styled(format!("{}{}", " ".repeat(label + 1), self.between(&words, width)), theme.dim));
        lines
    }

    /// Columns with changes of the load, counted from the right.
    fn marks(&self) -> Vec<usize> {
        let columns = self.history.columns.len();
        let recent = self.snapshot.events.iter().rev();
        recent.map_while(|e| self.history.column_at(e.elapsed).map(|at| columns - 1 - at)).collect()
    }

    /// Draws marks on the lower border of a small chart whose last column ends before `end`.
    fn border_marks(&self, frame: &mut Frame<'_>, area: Rect, end: u16) {
        for back in self.marks() {
            let Some(x) = u16::try_from(back + 1).ok().and_then(|back| end.checked_sub(back)) else { continue };
            if x > area.x {
                let place = Rect { x, y: area.bottom().saturating_sub(1), width: 1, height: 1 };
                put(frame, place, Span::styled(self.theme.glyph("▲", "^"), self.theme.strong));
            }
        }
    }

    fn since(&self) -> String {
        format!("-{}", plain(self.history.length(self.cells)))
    }

    /// Start of the time axis at the left, `right` at the right.
    fn ends(&self, right: &str, width: usize) -> String {
        let left = self.since();
        let gap = width.saturating_sub(text::width(&left) + text::width(right));
        match gap {
            // A part of a number would be another number.
            0 if text::width(right) > width => String::new(),
            0 => text::right(right, width, self.theme.ascii),
            _ => format!("{left}{}{right}", " ".repeat(gap)),
        }
    }

    /// Ends of the time axis, with `words` between them if there is room.
    fn between(&self, words: &str, width: usize) -> String {
        let left = self.since();
        let room = width.saturating_sub(left.len() + "now".len());
        if text::width(words) + 2 > room {
            return self.ends("now", width);
        }
        let before = (room - text::width(words)) / 2;
        format!("{left}{}{words}{}now", " ".repeat(before), " ".repeat(room - text::width(words) - before))
    }
}

/// The title of a chart of this width, and the number beside it: the name gives way before the number does, and the
/// number is rounded, but never cut.
fn title(names: [&'static str; 2], numbers: [String; 2], width: usize) -> (&'static str, String) {
    let [long, short] = names;
    let [exact, rounded] = &numbers;
    let fits = |name: &str, number: &str| text::width(name) + text::width(number) + Titles::FRAME <= width;
    let choices = [(long, exact), (short, exact), (long, rounded), (short, rounded), ("", rounded)];
    let found = choices.into_iter().find(|(name, number)| fits(name, number));
    found.map_or((short, String::new()), |(name, number)| (name, number.clone()))
}

/// Rows for columns, without the axis and its labels.
fn plot_height(inner: Rect) -> usize {
    usize::from(inner.height).saturating_sub(2)
}

fn seconds(seconds: f64) -> String {
    latency(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}

fn peak(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}
