//! Text columns: as wide as their cells, truncated to the width of the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::clean;

/// Widens columns to their widest cell, since numbers must not be truncated.
pub(super) fn grow<'a>(columns: &mut [usize], rows: impl Iterator<Item = &'a [String]>) {
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            *column = cell.width().max(*column);
        }
    }
}

pub(super) fn rule(kind: usize, name: usize, widths: &[usize]) -> String {
    let dashes: Vec<String> = [kind, name].iter().chain(widths).map(|n| "-".repeat(*n)).collect();
    dashes.join("|")
}

pub(super) fn lines(lines: impl Iterator<Item = String>, width: usize) -> String {
    lines.map(|line| cut(&line, width).trim_end().to_owned() + "\n").collect()
}

/// Removes control characters and truncates to `width` cells.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = clean::line(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < width
    };
    let mut out: String = text.chars().take_while(fits).collect();
    if width > 0 {
        out.push('…');
    }
    out
}

/// Pads or truncates to exactly `width` cells.
pub(super) fn pad(text: &str, width: usize) -> String {
    let mut out = cut(text, width);
    out.push_str(&" ".repeat(width.saturating_sub(out.width())));
    out
}
