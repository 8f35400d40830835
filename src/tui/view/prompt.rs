//! The prompt line, with the terminal's cursor in it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::canvas::put;
use crate::cells;
use crate::tui::model::Model;
use crate::tui::prompt::{Field, Prompt};
use crate::tui::text;
use crate::units::{PerSecond, count};

pub(super) fn draw(model: &Model, prompt: &Prompt, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let name = format!(" {}: ", prompt.field.word());
    // One column for the cursor after the last character.
    let room = usize::from(area.width).saturating_sub(text::width(&name) + 1);
    let (before, after) = prompt.halves();
    let (value, cursor) = window(&theme.text(before), &theme.text(after), room);
    let mut left = room.saturating_sub(text::width(&value));
    let style = if prompt.is_offered() { theme.dim } else { theme.strong };
    let mut spans = vec![Span::styled(name.clone(), theme.strong), Span::styled(value, style)];
    let hints = [known(model, prompt.field), Some("Enter applies  Esc cancels".to_owned())];
    for hint in hints.into_iter().flatten() {
        let words = format!("   {hint}");
        if let Some(rest) = left.checked_sub(text::width(&words)) {
            left = rest;
            spans.push(Span::styled(words, theme.dim));
        }
    }
    put(frame, area, Line::from(spans));
    let x = u16::try_from(text::width(&name) + cursor).unwrap_or(u16::MAX);
    frame.set_cursor_position((area.x.saturating_add(x).min(area.right().saturating_sub(1)), area.y));
}

/// The current value and that of the plan, for comparison.
fn known(model: &Model, field: Field) -> Option<String> {
    let run = model.run.as_ref()?;
    let (now, plan) = match field {
        Field::Users => (count(run.latest.load.target.into()), count(run.planned.users.into())),
        Field::SpawnRate => {
            (PerSecond(run.latest.load.spawn_rate).to_string(), PerSecond(run.planned.rate).to_string())
        }
        Field::Host | Field::RunTime | Field::Filter => return None,
    };
    Some(format!("now {now}, plan {plan}"))
}

/// The visible part of a value in `room` columns, and the column of the cursor, which is always visible.
fn window(before: &str, after: &str, room: usize) -> (String, usize) {
    let mut seen = String::new();
    let mut cursor = 0;
    for cluster in cells::clusters(before).rev() {
        let columns = text::width(cluster);
        if cursor + columns > room {
            break;
        }
        cursor += columns;
        seen.insert_str(0, cluster);
    }
    let mut value = seen;
    let mut used = cursor;
    for cluster in cells::clusters(after) {
        used += text::width(cluster);
        if used > room {
            break;
        }
        value.push_str(cluster);
    }
    (value, cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_visible() {
        for (before, after, room, wanted) in [
            ("30", "", 9, ("30", 2)),
            ("3", "0", 9, ("30", 1)),
            ("http://staging", ".example.com", 9, ("//staging", 9)),
            ("http", "://staging", 9, ("http://st", 4)),
            ("日本", "語", 5, ("日本", 4)),
            ("日本語", "", 3, ("語", 2)),
            ("e\u{301}e\u{301}", "e\u{301}", 2, ("e\u{301}e\u{301}", 2)),
            ("abc", "def", 0, ("", 0)),
        ] {
            let (value, cursor) = window(before, after, room);
            assert_eq!((value.as_str(), cursor), wanted, "{before}|{after} in {room}");
        }
    }
}
