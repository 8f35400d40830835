//! The last line: key hints, a question, or a note.

use ratatui::text::{Line, Span};

use super::hints::{Hint, hints};
use crate::tui::model::{Model, Overlay};
use crate::tui::text;
use crate::tui::theme::Theme;

/// Number of hints that matter most: the first ones of a place.
const CORE: usize = 9;

/// The footer for this state. Drawn after the page, which knows whether it can be scrolled.
pub(super) fn line(model: &Model, width: u16, has_charts: bool) -> Line<'static> {
    let theme = &model.theme;
    let note = model.run.as_ref().and_then(|run| run.note.as_ref());
    match (&model.overlay, note) {
        (Some(Overlay::Prompt(_)), _) => return Line::default(),
        (Some(Overlay::Confirm(question)), _) => {
            let words =
                text::truncate(&theme.text(&question.text()), usize::from(width).saturating_sub(7), theme.ascii);
            return Line::from(vec![
                Span::raw(" "),
                Span::styled(format!(" {words} y/n "), theme.select.patch(theme.strong)),
            ]);
        }
        (_, Some(note)) => {
            let words = text::sentence(&theme.text(&note.text), usize::from(width).saturating_sub(3), theme.ascii);
            return Line::from(vec![Span::styled(" ! ", theme.warn), Span::raw(words)]);
        }
        _ => {}
    }
    keys(&hints(model, has_charts), width, theme)
}

/// As many hints as fit, always including help and quit; with less space between them if that makes room for more.
fn keys(hints: &[Hint], width: u16, theme: &Theme) -> Line<'static> {
    let shown = |key: &'static str| match key {
        "⏎" => theme.glyph("⏎", "enter"),
        "↑↓" => theme.glyph("↑↓", "arrows"),
        key => key,
    };
    let kept = |h: &&Hint| matches!(h.0, "?" | "q");
    let cells = |h: &Hint| text::width(shown(h.0)) + h.1.len() + 1;
    let all: usize = hints.iter().take(CORE).map(|h| cells(h) + 2).sum();
    let gap = if all <= usize::from(width) { 2 } else { 1 };
    let cost = |h: &Hint| cells(h) + gap;
    let mut room = usize::from(width).saturating_sub(hints.iter().filter(kept).map(cost).sum());
    let key_style = theme.accent.patch(theme.strong);
    let mut spans = Vec::new();
    // Help and quit come last.
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
