//! The list of scenarios in the launcher.

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::canvas::{Titles, pane, put_lines};
use crate::scenario::catalog::Origin;
use crate::tui::model::{Item, Model};
use crate::tui::text;
use crate::tui::theme::Theme;

/// Shown below the list if it has embedded scenarios only.
const NO_FILES: &str = "Your own: YAML files in ./scenarios; `katydid init` writes a first one.";

/// Draws the list.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (theme, launcher) = (&model.theme, &model.launcher);
    let visible = launcher.visible();
    let count = if launcher.filter.is_empty() {
        visible.len().to_string()
    } else {
        format!("/{} {}", launcher.filter, visible.len())
    };
    let inner = pane(frame, area, Titles { left: "Scenarios", right: &count }, theme, true);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let here = visible.iter().position(|i| *i == launcher.selected).unwrap_or(0);
    let first = (here + 1).saturating_sub(height);
    let entries: Vec<&Item> = visible.iter().map(|i| &launcher.items[*i]).collect();
    let lines = items(&entries, width, theme).into_iter().zip(&visible).skip(first).take(height).map(|(line, i)| {
        let is_selected = *i == launcher.selected;
        let mark = match (launcher.items[*i].error(), is_selected) {
            (Some(_), _) => theme.glyph("✗", "x"),
            (None, true) => theme.glyph("▸", ">"),
            (None, false) => " ",
        };
        let line = format!("{mark} {line}");
        match (is_selected, launcher.items[*i].error().is_some()) {
            (true, _) => Line::styled(line, theme.select),
            (false, true) => Line::styled(line, theme.bad),
            (false, false) => Line::raw(line),
        }
    });
    let mut lines: Vec<Line<'_>> = lines.collect();
    if launcher.items.iter().all(|item| item.entry.origin == Origin::Embedded) {
        let hint = text::wrap(NO_FILES, width).into_iter().map(|line| Line::styled(line, theme.dim));
        if lines.len() + 1 + hint.len() <= height {
            lines.push(Line::default());
            lines.extend(hint);
        }
    }
    put_lines(frame, inner, lines);
}

/// Columns of a list that has room for a long name and the place of an error.
const ROOM: usize = 20;

/// Name, and origin or error, of each entry, without the mark before it. Names come first: an origin is left out where it
/// has no room, unless it tells two entries apart.
fn items(entries: &[&Item], width: usize, theme: &Theme) -> Vec<String> {
    // The mark, a blank after it, and a margin at the right.
    let room = width.saturating_sub(3);
    let names: Vec<String> = entries.iter().map(|item| theme.text(&item.entry.name)).collect();
    let notes: Vec<String> = entries.iter().map(|item| note(item, theme)).collect();
    // The place of an error; what it is comes after that.
    let place = |at: usize| text::width(notes[at].split(": ").next().unwrap_or_default()).min(room / 2);
    let is_double = |at: usize| names.iter().filter(|name| **name == names[at]).count() > 1;
    // Columns of the note that a name must leave.
    let kept = |at: usize| match entries[at].error() {
        Some(_) if room >= ROOM => place(at) + 1,
        Some(_) => 0,
        None if is_double(at) => text::width(&notes[at]) + 1,
        None => 0,
    };
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    // All names in the same room, so that those that differ look different.
    let mut shortened: HashMap<usize, Vec<String>> = HashMap::new();
    (0..entries.len())
        .map(|at| {
            let cells = room.saturating_sub(kept(at));
            let name = match text::width(&names[at]) <= cells {
                true => names[at].clone(),
                false => shortened.entry(cells).or_insert_with(|| text::names(&all, cells, theme.ascii))[at].clone(),
            };
            let rest = room.saturating_sub(text::width(&name) + 1);
            // A part of a folder's name says nothing; a part of an error does.
            let is_left_out = entries[at].error().is_none() && text::width(&notes[at]) > rest;
            let note = match () {
                () if is_left_out => "",
                () if entries[at].error().is_some() && rest <= place(at) + 2 => {
                    notes[at].split(": ").next().unwrap_or("")
                }
                () => notes[at].as_str(),
            };
            let note = text::truncate(note, rest, theme.ascii);
            format!("{name} {}", text::right(&note, rest, theme.ascii))
        })
        .collect()
}

/// Why it cannot run, or where it is from.
fn note(item: &Item, theme: &Theme) -> String {
    match (item.error(), item.entry.origin) {
        (Some(error), _) => theme.text(&error.brief),
        (None, Origin::Embedded) => "embedded".to_owned(),
        (None, Origin::Folder) => "scenarios".to_owned(),
        (None, Origin::User) => "yours".to_owned(),
        (None, Origin::Named) => "named".to_owned(),
    }
}
