//! Draws the model. Uses no clock, reads no input, and does no arithmetic on samples.

mod canvas;
mod dashboard;
mod detail;
mod doctor;
mod entries;
mod footer;
mod head;
mod help;
mod hints;
mod histogram;
mod launcher;
mod message;
pub(crate) mod panes;
mod prompt;
mod sending;
mod standing;
mod thresholds;

#[cfg(test)]
mod sizes;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::model::{Model, Overlay};
use super::text;
use crate::report::finding::findings;
use crate::units;
use canvas::{put, put_lines};
use detail::Detail;

/// Draws the screen.
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
        (None, Some(Overlay::Doctor { scroll })) => doctor::draw(model, *scroll, frame, body),
        (Some(run), Some(Overlay::Detail { subject, scroll })) => {
            // The load can be changed on a detail page, so the head stays visible.
            let rest = head::draw(model, run, &found, frame, body);
            Detail { model, run, scroll: *scroll }.draw(subject, frame, rest);
        }
        (Some(run), _) => dashboard::draw(model, run, &found, frame, body),
        (None, _) => launcher::draw(model, frame, body),
    }
    put_lines(frame, message, message::lines(model, found.first(), message));
    put(frame, footer, footer::line(model, footer.width, dashboard::has_charts(body)));
    if let Some(Overlay::Prompt(prompt)) = &model.overlay {
        prompt::draw(model, prompt, frame, footer);
    }
}

/// Body, message and footer. Findings take two lines, unless a page or the Redis pane needs the room.
fn rows(model: &Model, is_found: bool, area: Rect) -> [Rect; 3] {
    let is_page = matches!(model.overlay, Some(Overlay::Help { .. } | Overlay::Doctor { .. } | Overlay::Detail { .. }));
    let has_redis = model.run.as_ref().is_some_and(|run| run.shown().redis.is_some());
    let least = if has_redis { 26 } else { 22 };
    let lines = if is_found && !is_page && area.height >= least { 2 } else { 1 };
    Layout::vertical([Constraint::Fill(1), Constraint::Length(lines), Constraint::Length(1)]).areas(area)
}

/// A single line for terminals that are too small; keys still work.
fn tiny(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let state = model
        .run
        .as_ref()
        .map(|r| format!("{} {}. ", r.latest.state.word(), units::counted(r.latest.load.users.into(), "user")));
    let words = format!("{}need 40x8, have {}x{}", state.unwrap_or_default(), area.width, area.height);
    let line = Rect { y: area.y + area.height / 2, height: 1.min(area.height), ..area };
    put(frame, line, Line::from(text::truncate(&words, area.width.into(), model.theme.ascii)).centered());
}
