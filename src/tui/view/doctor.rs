//! The page of the checks before a run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::canvas::{Titles, pane, put_lines, scrolled};
use crate::doctor::{Level, Mode};
use crate::tui::checks::{LEVEL, Row, rows};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units;

pub(super) fn draw(model: &Model, scroll: usize, frame: &mut Frame<'_>, area: Rect) {
    let (theme, launcher) = (&model.theme, &model.launcher);
    let Some(diagnosis) = &launcher.diagnosis else { return };
    let name = launcher.item().map_or("", |item| &item.entry.name);
    let titles = Titles { left: &format!("Checks of {name}"), right: &diagnosis.summary() };
    let inner = pane(frame, area, titles, theme, true);
    let width = usize::from(inner.width);
    let lines = match &diagnosis.answers {
        None => {
            let limit = units::plain(Mode::Full.limit());
            let words = format!("Checking scenario, host, Redis, sinks and this machine. This takes {limit} at most.");
            text::wrap(&words, width.saturating_sub(2)).iter().map(|line| Line::raw(format!(" {line}"))).collect()
        }
        Some(answers) => {
            rows(answers, width.saturating_sub(2)).into_iter().map(|row| line(row, width, theme)).collect::<Vec<_>>()
        }
    };
    let scroll = scrolled(model, scroll, lines.len(), inner.height);
    put_lines(frame, inner, lines.into_iter().skip(scroll).collect());
}

fn line(row: Row, width: usize, theme: &Theme) -> Line<'static> {
    let level = row.level.map_or("", Level::word);
    let style = match row.level {
        Some(Level::Error) => theme.bad,
        Some(Level::Warning) => theme.warn,
        Some(Level::Ok) | None => theme.good,
    };
    let room = width.saturating_sub(LEVEL + row.title.len() + 5);
    let words = text::truncate(&theme.text(&row.text), room, theme.ascii);
    Line::from(vec![
        Span::styled(format!(" {level:<LEVEL$}  "), style),
        Span::styled(format!("{}  ", row.title), theme.strong),
        Span::styled(words, if row.is_advice { theme.accent } else { ratatui::style::Style::new() }),
    ])
}
