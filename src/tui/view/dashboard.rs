//! The dashboard: the head, and the panes of the registry that fit.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::head;
use super::panes::{self, Pane, Place, Rows, Scene};
use crate::report::finding::Finding;
use crate::tui::model::{Model, Run};

pub(super) fn draw(model: &Model, run: &Run, found: &[Finding], frame: &mut Frame<'_>, area: Rect) {
    let rest = head::draw(model, run, found, frame, area);
    let focused = panes::focused(run);
    let scene = Scene::new(model, run, focused.name);
    if run.expanded {
        return (focused.draw)(&scene, frame, rest);
    }
    let is_large = area.width >= LARGE.0 && area.height >= LARGE.1;
    let below = below(focused, is_large);
    if !has_charts(area) {
        return compact(&scene, focused, &below, frame, rest);
    }
    let mut rest = rest;
    for pane in panes::at(|place| place == Place::Top) {
        let [top, left] = split(rest, (pane.rows)(&scene, area).most);
        (pane.draw)(&scene, frame, top);
        rest = left;
    }
    let shares = Shares::new(&scene, &below, is_large, rest);
    let heights = [shares.middle, shares.below, shares.bottom].map(Constraint::Length);
    let [middle, lower, bottom] = Layout::vertical(heights).areas(rest);
    panes::at(|place| place == Place::Middle).for_each(|pane| (pane.draw)(&scene, frame, middle));
    let widths = below.iter().map(|pane| match pane.place {
        Place::Below { cells: Some(cells) } if below.len() > 1 => Constraint::Length(cells),
        _ => Constraint::Fill(1),
    });
    for (pane, place) in below.iter().zip(Layout::horizontal(widths).split(lower).iter()) {
        (pane.draw)(&scene, frame, *place);
    }
    if shares.bottom > 0 {
        panes::at(|place| place == Place::Bottom).for_each(|pane| (pane.draw)(&scene, frame, bottom));
    }
}

/// Least size for all panes side by side. A terminal of 120×35 has it too if a multiplexer takes a line or a column of it,
/// and a finding another line.
const LARGE: (u16, u16) = (118, 31);
/// Least size for charts: below them, there is room for the figures of three endpoints and for two failures.
const CHARTS: (u16, u16) = (60, 18);

/// True if the charts are drawn in this area, which is the screen without messages and key hints.
pub(super) fn has_charts(area: Rect) -> bool {
    area.width >= CHARTS.0 && area.height >= CHARTS.1
}

/// Splits an area after this many rows.
fn split(area: Rect, rows: u16) -> [Rect; 2] {
    Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(area)
}

/// The panes below the middle: all on a large terminal, else the focused one or the first.
fn below(focused: &'static Pane, is_large: bool) -> Vec<&'static Pane> {
    let is_below = |place| matches!(place, Place::Below { .. });
    let shown = |pane: &&'static Pane| is_large || !is_below(focused.place) || pane.name == focused.name;
    panes::at(is_below).filter(shown).take(if is_large { usize::MAX } else { 1 }).collect()
}

/// Without charts: the focused pane, or the middle one and one below it if both fit.
fn compact(scene: &Scene<'_>, focused: &'static Pane, below: &[&Pane], frame: &mut Frame<'_>, area: Rect) {
    let Some(lower) = below.first().filter(|_| focused.place == Place::Middle && area.height >= 12) else {
        return (focused.draw)(scene, frame, area);
    };
    let [upper, rest] = Layout::vertical([Constraint::Fill(1), Constraint::Length(4)]).areas(area);
    (focused.draw)(scene, frame, upper);
    (lower.draw)(scene, frame, rest);
}

/// Rows of the panes below the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shares {
    middle: u16,
    below: u16,
    bottom: u16,
}

impl Shares {
    /// The table in the middle shows all its rows if possible; panes below it shrink down to the rows they need.
    fn new(scene: &Scene<'_>, below: &[&Pane], is_large: bool, area: Rect) -> Self {
        let most = |place: Place| {
            let rows = panes::at(|one| one == place).map(|pane| (pane.rows)(scene, area));
            rows.fold(Rows::default(), |a, b| Rows { least: a.least.max(b.least), most: a.most.max(b.most) })
        };
        let (table, bottom, height) = (most(Place::Middle), most(Place::Bottom), area.height);
        let needed = below.iter().map(|pane| (pane.rows)(scene, area).least).max().unwrap_or(0);
        let is_table_focused = panes::focused(scene.run).place == Place::Middle;
        let comfort = match is_large {
            true => 9,
            // If both lack room, rows of the table come first, unless the pane below is focused.
            false if is_table_focused && height < 16 => 4,
            false => 5,
        };
        let needed = needed.min(comfort);
        // With Redis, the rows of publishers, subscribers and deliveries stay, and the Redis pane shrinks.
        let kept = table.most.min(if bottom.most > 0 { 9 } else { table.least });
        let least = bottom.least.min(height.saturating_sub(kept.saturating_add(3)));
        let least = if least < 3 { 0 } else { least };
        let bottom = height.saturating_sub(table.most.saturating_add(needed)).min(bottom.most).max(least);
        let rest = height.saturating_sub(bottom);
        let below = rest.saturating_sub(table.most).max(needed).min(rest.saturating_sub(kept));
        Self { middle: rest - below, below, bottom }
    }
}
