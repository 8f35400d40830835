//! Thresholds of a run: in one line, or as a list if there is room.

use std::cmp::Ordering;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::text::{held, margin};
use crate::stats::snapshot::{Judged, Judgement};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units::counted;

/// Maximum rows of the list.
const MOST: usize = 6;
/// Minimum height of a screen with a list.
const TALL: u16 = 40;

/// Rows that thresholds take on a screen of this height; 0 without thresholds.
pub(super) fn rows(judgements: &[Judgement], height: u16) -> u16 {
    match judgements.len() {
        0 => 0,
        count if height >= TALL => count.min(MOST) as u16,
        _ => 1,
    }
}

/// The lines for this many rows: failed ones first, then undecided ones, then those with the smallest margin.
pub(super) fn lines(judgements: &[Judgement], width: usize, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut sorted: Vec<&Judgement> = judgements.iter().collect();
    sorted.sort_by(|a, b| urgency(a).partial_cmp(&urgency(b)).unwrap_or(Ordering::Equal));
    if rows < 2 {
        return vec![line(&sorted, width, theme)];
    }
    let longest = |cell: fn(&Judgement) -> String| sorted.iter().map(|j| text::width(&cell(j))).max().unwrap_or(0);
    let (check, value) = (longest(|j| j.check.to_string()).min(40), longest(measured).max(6));
    // The last row shows how many are hidden.
    let shown = if sorted.len() > rows { rows - 1 } else { sorted.len() };
    let mut lines: Vec<Line<'_>> = sorted.iter().take(shown).map(|j| row(j, check, value, width, theme)).collect();
    if shown < sorted.len() {
        lines.push(Line::styled(format!("   {}", counted((sorted.len() - shown) as u64, "more threshold")), theme.dim));
    }
    lines
}

/// A threshold with all its figures.
fn row(judgement: &Judgement, check: usize, value: usize, width: usize, theme: &Theme) -> Line<'static> {
    let (mark, style) = mark(judgement, theme);
    let fill = |words: &str, cells: usize| {
        let words = text::truncate(&theme.text(words), cells, theme.ascii);
        format!("{words}{}", " ".repeat(cells.saturating_sub(text::width(&words))))
    };
    let mut notes: Vec<String> = margin(judgement).into_iter().collect();
    if let Judged::CannotTell(why) = &judgement.judged {
        // The mark shows that it is undecided.
        notes.push(why.to_string());
    }
    notes.extend(held(judgement));
    notes.push(judgement.about().to_owned());
    notes.retain(|note| !note.is_empty());
    let head = format!(" {mark} {}", fill(&judgement.check, check));
    let value = text::right(&theme.text(&measured(judgement)), value, theme.ascii);
    let room = width.saturating_sub(text::width(&head) + text::width(&value) + 5);
    let note = text::truncate(&theme.text(&notes.join(", ")), room, theme.ascii).to_string();
    Line::from(vec![
        Span::styled(head, style),
        Span::styled(format!("  {value}"), theme.strong),
        Span::styled(format!("   {note}"), theme.dim),
    ])
}

/// As many thresholds as fit on a line, and how many are hidden.
fn line(sorted: &[&Judgement], width: usize, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    let label = if width >= 110 { " thresholds  " } else { "" };
    spans.push(Span::styled(label, theme.dim));
    let mut room = width.saturating_sub(label.len());
    for (shown, judgement) in sorted.iter().enumerate() {
        let (mark, style) = mark(judgement, theme);
        let check = format!(" {mark} {}", theme.text(&judgement.check));
        let margin = margin(judgement).unwrap_or_default();
        let comma = if margin.is_empty() { "" } else { ", " };
        let value = format!(" {}{comma}{margin}  ", theme.text(&measured(judgement)));
        let cells = text::width(&check) + text::width(&value);
        let left = sorted.len() - shown;
        let more = format!(" +{left}");
        // Leave room for the number of hidden ones.
        if cells + if left > 1 { more.len() } else { 0 } > room {
            if shown == 0 {
                spans.push(Span::styled(
                    text::truncate(&check, room.saturating_sub(more.len()), theme.ascii).to_string(),
                    style,
                ));
            }
            let left = if shown == 0 { left - 1 } else { left };
            if left > 0 {
                spans.push(Span::styled(format!(" +{left}"), theme.strong));
            }
            break;
        }
        room -= cells;
        spans.push(Span::styled(check, style));
        spans.push(Span::styled(value, theme.strong));
    }
    Line::from(spans)
}

/// Mark and style; a failure that only warns is less severe.
fn mark(judgement: &Judgement, theme: &Theme) -> (&'static str, Style) {
    match judgement.judged {
        Judged::Passes => (theme.glyph("✓", "*"), theme.good),
        Judged::Violated | Judged::Failed if judgement.warn => ("!", theme.warn),
        Judged::Violated | Judged::Failed => (theme.glyph("✗", "x"), theme.bad),
        Judged::CannotTell(_) => ("?", theme.warn),
    }
}

fn measured(judgement: &Judgement) -> String {
    judgement.value.as_deref().unwrap_or("-").to_owned()
}

fn urgency(judgement: &Judgement) -> (u8, f64) {
    let rank = match judgement.judged {
        Judged::Failed => 0,
        Judged::Violated => 1,
        Judged::CannotTell(_) => 2,
        Judged::Passes => 3,
    };
    // Thresholds that only warn come last.
    (rank + if judgement.warn && rank < 2 { 1 } else { 0 }, judgement.margin.unwrap_or(f64::INFINITY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ThemeName;
    use crate::tui::fixture;

    fn shown(width: usize, rows: usize, ascii: bool) -> Vec<String> {
        let theme = Theme::new(ThemeName::Mono, ascii);
        let lines = lines(&fixture::judgements(), width, rows, &theme);
        lines.iter().map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect()).collect()
    }

    #[test]
    fn the_worst_threshold_is_always_visible() {
        for width in 12..200 {
            let line = &shown(width, 1, false)[0];
            assert!(text::width(line) <= width, "{width}: {line}");
            assert!(line.contains('✗') && (width < 30 || line.contains("fail_ratio < 0.4%")), "{width}: {line}");
            let all = ["p95 < 400ms", "p99 < 1s", "requests >= 100"].iter().filter(|check| line.contains(**check));
            let hidden = 4 - 1 - all.count();
            let more = format!("+{hidden}");
            assert_eq!(line.contains('+'), hidden > 0, "{width}: {line}");
            assert!(hidden == 0 || line.ends_with(&more), "{width}: {line}");
        }
        assert!(shown(140, 1, true)[0].is_ascii());
    }

    #[test]
    fn the_list_has_margins() {
        let rows = shown(120, 4, false);
        assert!(
            rows[0].starts_with(" ✗ fail_ratio < 0.4%  0.42 %   missed by 5.0 %, held 90.0 % of the time"),
            "{rows:?}"
        );
        assert!(rows[1].contains("   12 of at least 299 requests, of POST /api/checkout"), "{rows:?}");
        assert!(rows[2].contains("121ms   margin 70.0 %"), "{rows:?}");
        let short = shown(120, 3, false);
        assert!(short.len() == 3 && short[2].contains("2 more thresholds"), "{short:?}");
    }
}
