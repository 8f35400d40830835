//! The Redis pane: delivery of messages, state of the server, warnings. Only in runs with Redis.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::pane::{Pane, Place, Scene};
use super::rows::Rows;
use crate::tui::view::canvas::{Titles, pane, put_lines};

pub(super) static PANE: Pane = Pane { name: "Redis", place: Place::Bottom, list: None, rows, draw };

fn rows(scene: &Scene<'_>, area: Rect) -> Rows {
    scene.redis().map_or_else(Rows::default, |content| content.heights(area))
}

fn draw(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Some(content) = scene.redis().filter(|_| area.height >= 3) else { return };
    let inner = pane(frame, area, Titles { left: PANE.name, right: &content.version }, &scene.model.theme, false);
    put_lines(frame, inner, content.lines(inner.width.into(), inner.height.into()));
}
