//! What can be run, and what the highlighted one would do: to whom, for how long, at what cost.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{pane, put, put_lines, text};
use crate::scenario::catalog::{Entry, Origin};
use crate::tui::model::Model;
use crate::tui::preview::Preview;
use crate::tui::theme::Theme;
use crate::tui::widget::columns;
use crate::units::{latency, plain};

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let title = Line::from(vec![
        Span::styled(" katydid", theme.accent.patch(theme.strong)),
        Span::styled("   load tests, steered from the terminal", theme.dim),
    ]);
    put(frame, Rect { height: 1, ..area }, title);
    let gap = if area.height >= 20 { 2 } else { 1 };
    let body = Rect { y: area.y + gap, height: area.height.saturating_sub(gap), ..area };
    let wide = if area.width >= 120 { 36 } else { (area.width / 3).clamp(16, 28) };
    list(model, frame, Rect { width: wide, ..body });
    let right = Rect { x: body.x + wide, width: body.width.saturating_sub(wide), ..body };
    preview(model, frame, right);
}

fn list(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (theme, launcher) = (&model.theme, &model.launcher);
    let visible = launcher.visible();
    let count = if launcher.filter.is_empty() {
        visible.len().to_string()
    } else {
        format!("/{} {}", launcher.filter, visible.len())
    };
    let inner = pane(frame, area, ("Scenarios", &count), theme, true);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let here = visible.iter().position(|i| *i == launcher.selected).unwrap_or(0);
    let first = (here + 1).saturating_sub(height);
    let lines = visible.iter().skip(first).take(height).map(|i| {
        let entry = &launcher.entries[*i];
        let line = item(entry, *i == launcher.selected, width, theme);
        match (*i == launcher.selected, entry.scenario.is_err()) {
            (true, _) => Line::styled(line, theme.select),
            (false, true) => Line::styled(line, theme.bad),
            (false, false) => Line::raw(line),
        }
    });
    put_lines(frame, inner, lines.collect());
}

fn item(entry: &Entry, selected: bool, width: usize, theme: &Theme) -> String {
    let mark = match (&entry.scenario, selected) {
        (Err(_), _) => theme.glyph("✗", "x"),
        (Ok(_), true) => theme.glyph("▸", ">"),
        (Ok(_), false) => " ",
    };
    let origin = match (&entry.scenario, entry.origin) {
        (Err(error), _) => theme.text(&error.brief),
        (Ok(_), Origin::Embedded) => "embedded".to_owned(),
        (Ok(_), Origin::Folder) => "scenarios".to_owned(),
        (Ok(_), Origin::User) => "yours".to_owned(),
        (Ok(_), Origin::Named) => "named".to_owned(),
    };
    let name = theme.text(&entry.name);
    let room = width.saturating_sub(3);
    let name_cells = text::width(&name).min(room);
    let rest = room.saturating_sub(name_cells + 1);
    format!(
        "{mark} {} {}",
        text::left(&name, name_cells, theme.ascii),
        text::right(&text::cut(&origin, rest, theme.ascii), rest, theme.ascii)
    )
}

fn preview(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (theme, launcher) = (&model.theme, &model.launcher);
    let name = launcher.entries.get(launcher.selected).map_or("", |e| e.name.as_str());
    match &launcher.preview {
        Err(error) => {
            let inner = pane(frame, area, (name, "cannot run"), theme, false);
            let width = usize::from(inner.width);
            // Excerpts are aligned to their column: lines are cut, not wrapped, unless they are prose.
            let lines: Vec<Line<'_>> = error
                .lines()
                .flat_map(
                    |l| if l.contains('|') || l.contains('│') { vec![l.to_owned()] } else { text::wrap(l, width) },
                )
                .map(|l| Line::raw(text::cut(&theme.text(&l), width, theme.ascii)))
                .skip(launcher.scroll)
                .collect();
            put_lines(frame, inner, lines);
        }
        Ok(preview) => {
            let inner = pane(frame, area, (name, ""), theme, false);
            put_lines(frame, inner, describe(model, preview, inner));
        }
    }
}

fn describe(model: &Model, preview: &Preview, area: Rect) -> Vec<Line<'static>> {
    let (theme, overrides) = (&model.theme, &model.launcher.overrides);
    let width = usize::from(area.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for line in preview.description.lines().flat_map(|l| text::wrap(&theme.text(l), width)).take(4) {
        lines.push(Line::raw(line));
    }
    lines.push(Line::default());
    // A value that is not the file's own is marked by its style and by a star.
    let value = |text: String, cells: usize, changed: bool| {
        let text = if changed { format!("{text}*") } else { text };
        Span::styled(text::left(&text, cells, theme.ascii), if changed { theme.accent } else { theme.strong })
    };
    let label = |words: &'static str, cells: usize| Span::styled(text::left(words, cells, true), theme.dim);
    let load = preview.load;
    lines.push(Line::from(vec![
        label("host", 12),
        value(theme.text(&preview.host), width.saturating_sub(12), overrides.host.is_some()),
    ]));
    lines.push(Line::from(vec![
        label("users", 12),
        value(load.users.to_string(), 10, overrides.users.is_some()),
        label("spawn rate", 12),
        value(format!("{}/s", load.spawn_rate), 10, overrides.spawn_rate.is_some()),
    ]));
    let time = load.run_time.map_or_else(|| "until stopped".to_owned(), plain);
    lines.push(Line::from(vec![
        label("run time", 12),
        value(time, 14, overrides.run_time.is_some()),
        label("stop after", 12),
        value(plain(load.stop_timeout), 8, overrides.stop_timeout.is_some()),
    ]));
    lines.push(Line::default());
    tasks(preview, theme, &mut lines);
    let cost = match preview.vu_hours() {
        Some(hours) => format!("{hours:.1} VU-hours"),
        None => "no end: VU-hours grow until you stop it".to_owned(),
    };
    let room = usize::from(area.height).saturating_sub(lines.len() + 2);
    if room >= 4 {
        lines.push(Line::default());
        lines.extend(ramp(preview, width, (room - 1).min(5), theme));
    }
    lines.push(Line::styled(cost, theme.strong));
    lines
}

fn tasks(preview: &Preview, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let all = || preview.classes.iter().flat_map(|c| &c.tasks);
    let heaviest = all().map(|t| t.1).max().unwrap_or(1).max(1);
    let cells = all().map(|t| text::width(&t.0)).max().unwrap_or(0).clamp(8, 18);
    for class in &preview.classes {
        lines.push(Line::from(vec![
            Span::styled(text::left(&theme.text(&class.name), cells + 3, theme.ascii), theme.strong),
            Span::raw(format!("{}  {}", text::left(&class.share, 9, theme.ascii), theme.text(&class.wait))),
        ]));
        for (name, weight, steps) in &class.tasks {
            let bar = crate::tui::widget::meter(f64::from(*weight) / f64::from(heaviest), 8, theme);
            let word = if *steps == 1 { "request" } else { "requests" };
            lines.push(Line::from(vec![
                Span::raw(format!("  {} ", text::left(&theme.text(name), cells, theme.ascii))),
                Span::styled(bar, theme.accent),
                Span::raw(format!(" {weight:>4}   {steps} {word}")),
            ]));
        }
    }
}

/// Users over time: up at the spawn rate, level until the end.
fn ramp(preview: &Preview, width: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
    let users = f64::from(preview.load.users.0);
    let ramp = preview.ramp().as_secs_f64();
    // Without an end the picture is three ramps long.
    let length = preview.load.run_time.map_or(ramp * 3.0, |t| t.as_secs_f64()).max(1e-3);
    let cells = width.saturating_sub(8).min(48);
    let values: Vec<Option<f64>> = (0..cells)
        .map(|i| {
            let at = length * (i + 1) as f64 / cells.max(1) as f64;
            Some((at * preview.load.spawn_rate.0).min(users))
        })
        .collect();
    let rows = height.saturating_sub(1).max(1);
    let drawn = columns(&values, cells, rows, users, theme);
    let mut lines: Vec<Line<'static>> = drawn
        .into_iter()
        .enumerate()
        .map(|(i, row)| {
            let label = if i == 0 { text::short(users) } else { String::new() };
            let axis = if i == 0 { theme.glyph("┤", "|") } else { theme.glyph("│", "|") };
            Line::from(vec![Span::styled(format!("{label:>6}{axis}"), theme.dim), Span::styled(row, theme.accent)])
        })
        .collect();
    let end = preview.load.run_time.map_or_else(String::new, plain);
    let full =
        format!("0s, all users after {}", if ramp < 1.0 { latency(preview.ramp()) } else { plain(preview.ramp()) });
    let gap = cells.saturating_sub(full.len() + end.len());
    lines.push(Line::styled(format!("       {full}{}{end}", " ".repeat(gap)), theme.dim));
    lines
}
