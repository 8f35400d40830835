//! Lines and bordered panes on a frame, clipped to it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;

/// Draws one line, clipped to the frame.
pub(super) fn put<'a>(frame: &mut Frame<'_>, area: Rect, line: impl Into<Line<'a>>) {
    let area = area.intersection(frame.area());
    if !area.is_empty() {
        frame.render_widget(Paragraph::new(line.into()), area);
    }
}

/// Draws lines from the top.
pub(super) fn put_lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    let area = area.intersection(frame.area());
    if !area.is_empty() {
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// The first visible line of a page. Stores the maximum scroll position in the model.
pub(super) fn scrolled(model: &Model, wanted: usize, lines: usize, rows: u16) -> usize {
    let end = lines.saturating_sub(rows.into());
    model.page_end.set(end);
    wanted.min(end)
}

/// Titles in the upper border of a pane: left, and right if there is room.
#[derive(Clone, Copy)]
pub(super) struct Titles<'a> {
    pub left: &'a str,
    pub right: &'a str,
}

/// Draws a bordered pane; returns its inner area.
pub(super) fn pane(frame: &mut Frame<'_>, area: Rect, titles: Titles<'_>, theme: &Theme, focused: bool) -> Rect {
    let area = area.intersection(frame.area());
    let style = if focused { theme.accent } else { theme.dim };
    let title_style = if focused { theme.strong } else { Style::new() };
    let mut block = Block::bordered()
        .border_set(theme.border())
        .border_style(style)
        .title(Line::styled(format!(" {} ", theme.text(titles.left)), title_style));
    let room = usize::from(area.width).saturating_sub(text::width(titles.left) + 5);
    if !titles.right.is_empty() && text::width(titles.right) + 2 <= room {
        let right = format!(" {} {}", theme.text(titles.right), theme.glyph("─", "-"));
        block = block.title(Line::from(vec![Span::styled(right, style)]).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}
