//! The help page: keys, from the table of actions, and the meaning of figures.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::canvas::{Titles, pane, put_lines, scrolled};
use crate::tui::action::TABLE;
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;

/// Terms of the dashboard and their meaning.
const WORDS: &[(&str, &str)] = &[
    ("users 5→50", "running now, and the target; the spawn rate is beside it"),
    ("second line", "all endpoints, in the last 10 s or the whole run as shown"),
    ("failed", "no response in time, or an unexpected one"),
    ("p50 p95 p99", "50, 95, 99 % of the responses took at most this long"),
    ("service p95", "from when it was sent; response time: from when it was due"),
    ("charts", "each column is some seconds; times are of the slowest second"),
    ("▲", "the load was changed here"),
    ("generator", "✓ has time to spare, ! is overloaded, ✗ is itself the bottleneck"),
    ("in flight", "requests without a response yet, and the age of the oldest"),
    ("VU-hours", "users × hours so far"),
];

pub(super) fn draw(model: &Model, scroll: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let inner = pane(frame, area, Titles { left: "Keys that work here", right: "katydid" }, theme, true);
    let lines = if inner.width >= 110 { wide(model, inner.width.into()) } else { narrow(model, inner.width.into()) };
    let scroll = scrolled(model, scroll, lines.len(), inner.height);
    put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
}

fn entry(word: &str, meaning: &str, width: usize, theme: &Theme) -> Vec<Span<'static>> {
    let word = text::left(&theme.text(word), 13, theme.ascii);
    let room = width.saturating_sub(15);
    vec![
        Span::styled(format!(" {word} "), theme.accent.patch(theme.strong)),
        Span::raw(text::left(&theme.text(meaning), room, theme.ascii)),
    ]
}

fn keys(model: &Model) -> impl Iterator<Item = (&'static str, &'static str)> {
    let place = model.place();
    TABLE.iter().filter(move |b| b.places & place != 0).map(|b| (b.shown, b.help))
}

fn narrow(model: &Model, width: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let mut lines: Vec<Line<'static>> =
        keys(model).map(|(key, help)| Line::from(entry(key, help, width, theme))).collect();
    if model.run.is_some() {
        lines.push(Line::default());
        lines.push(Line::styled(" What the figures mean", theme.strong));
        lines.extend(WORDS.iter().map(|(word, meaning)| Line::from(entry(word, meaning, width, theme))));
    }
    lines
}

/// Two columns: keys and terms.
fn wide(model: &Model, width: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let half = width / 2;
    let keys: Vec<_> = keys(model).collect();
    let words: &[(&str, &str)] = if model.run.is_some() { WORDS } else { &[] };
    let row = |i: usize| {
        let mut spans = match keys.get(i) {
            Some((key, help)) => entry(key, help, half, theme),
            None => vec![Span::raw(" ".repeat(half))],
        };
        if let Some((word, meaning)) = words.get(i) {
            spans.extend(entry(word, meaning, width - half, theme));
        }
        Line::from(spans)
    };
    (0..keys.len().max(words.len())).map(row).collect()
}
