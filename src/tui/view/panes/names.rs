//! Names in the tables: kind and name of a row, shortened so that rows can be told apart.

use ratatui::text::Line;

use crate::row_kind::RowKind;
use crate::tui::text;
use crate::tui::theme::Theme;

/// Columns of a kind and the blank after it; longer kinds take more.
pub(super) const KIND: usize = 5;

/// Kinds and names in exactly `cells` columns each.
pub(super) fn names<'a>(
    rows: impl Iterator<Item = (&'a RowKind, &'a str)>,
    cells: usize,
    theme: &Theme,
) -> Vec<String> {
    let rows: Vec<(String, String)> =
        rows.map(|(kind, name)| (theme.text(&format!("{kind:<4} ")), theme.text(name))).collect();
    // Rows of one kind have the same room, and must differ from each other only.
    let mut shown = vec![String::new(); rows.len()];
    let mut kinds: Vec<&str> = rows.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let places: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].0 == kind).collect();
        let of_kind: Vec<&str> = places.iter().map(|at| rows[*at].1.as_str()).collect();
        let room = cells.saturating_sub(text::width(kind));
        for (at, short) in places.into_iter().zip(text::names(&of_kind, room, theme.ascii)) {
            shown[at] = text::left(&format!("{kind}{short}"), cells, theme.ascii);
        }
    }
    shown
}

/// Shown instead of rows if a filter hides all of them.
pub(super) fn nothing_matches(what: &str, filter: &str, width: usize, theme: &Theme) -> Line<'static> {
    let after = "; Esc removes the filter";
    let before = format!("  no {what} matches /");
    let room = width.saturating_sub(text::width(&before) + text::width(after) + 1);
    let filter = text::middle(&theme.text(filter), room, theme.ascii);
    Line::styled(text::truncate(&format!("{before}{filter}{after}"), width, theme.ascii), theme.warn)
}
