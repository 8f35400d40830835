//! The help page, written from the table of actions.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{pane, put_lines, text};
use crate::tui::action::TABLE;
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, scroll: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let inner = pane(frame, area, ("Keys that work here", "katydid"), theme, true);
    let place = model.place();
    let lines: Vec<Line<'_>> = TABLE
        .iter()
        .filter(|b| b.places & place != 0)
        .map(|b| {
            Line::from(vec![
                Span::styled(format!(" {}", text::left(b.shown, 12, theme.ascii)), theme.accent),
                Span::raw(b.help),
            ])
        })
        .collect();
    let scroll = scroll.min(lines.len().saturating_sub(inner.height.into()));
    put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
}
