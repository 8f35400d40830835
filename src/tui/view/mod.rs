//! The model becomes a frame. No clock, no input, and no arithmetic on samples here.

mod charts;
mod dashboard;
mod detail;
mod help;
mod histogram;
mod launcher;
mod message;
mod panes;
mod prompt;
mod redis;
mod table;
pub(crate) mod text;

#[cfg(test)]
mod sizes;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::action;
use super::model::{Model, Overlay};
use super::theme::Theme;
use crate::report::finding::findings;

/// Draws everything.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < 40 || area.height < 8 {
        tiny(model, frame, area);
        return;
    }
    let found = model.run.as_ref().map_or_else(Vec::new, |run| findings(run.shown()));
    let [body, message, footer] = rows(model, !found.is_empty(), area);
    match (&model.run, &model.overlay) {
        (_, Some(Overlay::Help { scroll })) => help::draw(model, *scroll, frame, body),
        (Some(run), Some(Overlay::Detail { subject, scroll })) => {
            // Who reads on still steers: what decides stays in sight.
            let rest = dashboard::head((model, run), &found, frame, body);
            detail::draw(model, run, (subject, *scroll), frame, rest);
        }
        (Some(run), _) => dashboard::draw(model, run, &found, frame, body),
        (None, _) => launcher::draw(model, frame, body),
    }
    put_lines(frame, message, message::lines(model, found.first(), message));
    put(frame, footer, footer_line(model, footer.width));
    if let Some(Overlay::Prompt(prompt)) = &model.overlay {
        prompt::draw(model, prompt, frame, footer);
    }
}

/// Body, message, one line of keys. What was found in the run has two lines, unless a page or the pane of a Redis needs the room.
fn rows(model: &Model, is_found: bool, area: Rect) -> [Rect; 3] {
    let is_page = matches!(model.overlay, Some(Overlay::Help { .. } | Overlay::Detail { .. }));
    let has_redis = model.run.as_ref().is_some_and(|run| run.shown().redis.is_some());
    let least = if has_redis { 26 } else { 22 };
    let lines = if is_found && !is_page && area.height >= least { 2 } else { 1 };
    let body = Rect { height: area.height.saturating_sub(lines + 1), ..area };
    let message = Rect { y: area.y + body.height, height: lines, ..area };
    [body, message, Rect { y: message.y + lines, height: 1, ..area }]
}

/// One line for terminals too small for anything; the keys still work.
fn tiny(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let state = model.run.as_ref().map(|r| format!("{} {} users. ", r.latest.state.word(), r.latest.load.users));
    let words = format!("{}need 40x8, have {}x{}", state.unwrap_or_default(), area.width, area.height);
    let line = Rect { y: area.y + area.height / 2, height: 1.min(area.height), ..area };
    put(frame, line, Line::from(text::cut(&words, area.width.into(), model.theme.ascii)).centered());
}

/// Draws one line, clipped to the frame.
fn put<'a>(frame: &mut Frame<'_>, area: Rect, line: impl Into<Line<'a>>) {
    let area = area.intersection(frame.area());
    if !area.is_empty() {
        frame.render_widget(Paragraph::new(line.into()), area);
    }
}

/// Draws lines from the top.
fn put_lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    let area = area.intersection(frame.area());
    if !area.is_empty() {
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// How far a page of so many lines is scrolled in so many rows; the model is told where it ends.
fn scrolled(model: &Model, wanted: usize, (lines, rows): (usize, u16)) -> usize {
    let end = lines.saturating_sub(rows.into());
    model.page_end.set(end);
    wanted.min(end)
}

/// A bordered pane with a title at the left and a figure at the right; returns what is inside.
fn pane(frame: &mut Frame<'_>, area: Rect, titles: (&str, &str), theme: &Theme, focused: bool) -> Rect {
    let area = area.intersection(frame.area());
    let style = if focused { theme.accent } else { theme.dim };
    let title_style = if focused { theme.strong } else { Style::new() };
    let mut block = Block::bordered()
        .border_set(theme.border())
        .border_style(style)
        .title(Line::styled(format!(" {} ", theme.text(titles.0)), title_style));
    let room = usize::from(area.width).saturating_sub(text::width(titles.0) + 5);
    if !titles.1.is_empty() && text::width(titles.1) + 2 <= room {
        let right = format!(" {} {}", theme.text(titles.1), theme.glyph("─", "-"));
        block = block.title(Line::from(vec![Span::styled(right, style)]).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}

fn footer_line(model: &Model, width: u16) -> Line<'static> {
    let theme = &model.theme;
    let note = model.run.as_ref().and_then(|run| run.note.as_ref());
    match (&model.overlay, note) {
        (Some(Overlay::Prompt(_)), _) => return Line::default(),
        (Some(Overlay::Confirm(question)), _) => {
            let words = text::cut(&theme.text(&question.text()), usize::from(width).saturating_sub(7), theme.ascii);
            return Line::from(vec![
                Span::raw(" "),
                Span::styled(format!(" {words} y/n "), theme.select.patch(theme.strong)),
            ]);
        }
        (_, Some(note)) => {
            let words = text::cut(&theme.text(&note.text), usize::from(width).saturating_sub(3), theme.ascii);
            return Line::from(vec![Span::styled(" ! ", theme.warn), Span::raw(words)]);
        }
        (Some(Overlay::Help { .. }), None) => return keys(&[("esc", "back"), ("↑↓", "scroll")], width, theme),
        (Some(Overlay::Detail { .. }), None) => {
            return keys(&[("esc", "back"), ("↑↓", "scroll"), ("e", "export"), ("?", "help")], width, theme);
        }
        (None, None) => {}
    }
    let hints: Vec<_> = action::footer(model.place()).collect();
    keys(&hints, width, theme)
}

/// As many hints as fit, help and quit always; closer together where that makes room for what belongs together.
fn keys(hints: &[(&'static str, &'static str)], width: u16, theme: &Theme) -> Line<'static> {
    let shown = |key: &'static str| match key {
        "⏎" => theme.glyph("⏎", "enter"),
        "↑↓" => theme.glyph("↑↓", "arrows"),
        key => key,
    };
    let kept = |h: &&(&'static str, &'static str)| matches!(h.0, "?" | "q");
    let cells = |h: &(&'static str, &'static str)| text::width(shown(h.0)) + h.1.len() + 1;
    let all: usize = hints.iter().take(CORE).map(|h| cells(h) + 2).sum();
    let gap = if all <= usize::from(width) { 2 } else { 1 };
    let cost = |h: &(&'static str, &'static str)| cells(h) + gap;
    let mut room = usize::from(width).saturating_sub(hints.iter().filter(kept).map(cost).sum());
    let key_style = theme.accent.patch(theme.strong);
    let mut spans = Vec::new();
    // Help and quit have their place at the end.
    for hint in hints.iter().filter(|h| !kept(h)).chain(hints.iter().filter(kept)) {
        if !kept(&hint) {
            if cost(hint) > room {
                continue;
            }
            room -= cost(hint);
        }
        spans.push(Span::styled(format!(" {}", shown(hint.0)), key_style));
        spans.push(Span::raw(format!(" {}{}", hint.1, " ".repeat(gap - 1))));
    }
    Line::from(spans)
}

/// Hints that everybody needs: the first ones of a place.
const CORE: usize = 9;
