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

/// Titles in the upper border of a pane: left, and right if there is room. The left one loses its middle before the right
/// one is left out, because that is a number, a state or a position.
#[derive(Clone, Copy)]
pub(super) struct Titles<'a> {
    pub left: &'a str,
    pub right: &'a str,
}

impl Titles<'_> {
    /// Columns of the border that are not for text: the corners, and the blanks around both titles.
    pub const FRAME: usize = 6;
    /// Columns of the left title that are kept beside a right one.
    const LEAST: usize = 8;

    /// Both titles as they are drawn in `width` columns, including the corners.
    fn fitting(self, width: usize, theme: &Theme) -> (String, String) {
        let (left, right) = (theme.text(self.left), theme.text(self.right));
        let beside = width.checked_sub(Self::FRAME + text::width(&right));
        match beside.filter(|cells| !right.is_empty() && *cells >= text::width(&left).min(Self::LEAST)) {
            Some(cells) => {
                let left = text::middle(&left, cells, theme.ascii);
                // A piece of the border after it, if there is room.
                let line = if text::width(&left) < cells { theme.glyph("─", "-") } else { "" };
                (left, format!(" {right} {line}"))
            }
            None => (text::middle(&left, width.saturating_sub(4), theme.ascii), String::new()),
        }
    }
}

/// Draws a bordered pane; returns its inner area.
pub(super) fn pane(frame: &mut Frame<'_>, area: Rect, titles: Titles<'_>, theme: &Theme, focused: bool) -> Rect {
    let area = area.intersection(frame.area());
    let style = if focused { theme.accent } else { theme.dim };
    let title_style = if focused { theme.strong } else { Style::new() };
    let (left, right) = titles.fitting(area.width.into(), theme);
    let mut block = Block::bordered().border_set(theme.border()).border_style(style);
    if !left.is_empty() {
        block = block.title(Line::styled(format!(" {left} "), title_style));
    }
    if !right.is_empty() {
        block = block.title(Line::from(vec![Span::styled(right, style)]).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}
