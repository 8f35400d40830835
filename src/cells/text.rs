//! Widths of text, and how a single text is shortened.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Characters that are drawn together, in order.
pub fn clusters(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true)
}

/// Columns that a text occupies.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    // Most of what is drawn: Latin letters, punctuation, borders and bars.
    let is_plain = |c| matches!(c, ' '..='~' | 'À'..='ˬ' | '‐'..='‧' | '─'..='▟');
    if text.chars().all(is_plain) { text.chars().count() } else { clusters(text).map(cluster_width).sum() }
}

pub(super) fn cluster_width(cluster: &str) -> usize {
    // Terminals give halfwidth voice marks a column of their own.
    let marks = cluster.chars().filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}')).count();
    if cluster.len() == 1 { 1 } else { cluster.width() + marks }
}

/// The mark where something is missing.
pub(super) fn ellipsis(ascii: bool) -> char {
    if ascii { '~' } else { '…' }
}

/// The longest beginning in at most `cells` columns.
fn beginning(text: &str, cells: usize) -> &str {
    let mut used = 0;
    let fits = |cluster: &&str| {
        used += cluster_width(cluster);
        used <= cells
    };
    let end = clusters(text).take_while(fits).map(str::len).sum();
    text.get(..end).unwrap_or_default()
}

/// The longest end in at most `cells` columns.
fn end(text: &str, cells: usize) -> &str {
    let mut used = 0;
    let fits = |cluster: &&str| {
        used += cluster_width(cluster);
        used <= cells
    };
    let length: usize = clusters(text).rev().take_while(fits).map(str::len).sum();
    text.get(text.len() - length..).unwrap_or_default()
}

/// Truncates a sentence to at most `cells` columns, with an ellipsis if something is missing.
pub fn truncate(text: &str, cells: usize, ascii: bool) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut out = beginning(text, cells.saturating_sub(1)).to_owned();
    if cells > 0 {
        out.push(ellipsis(ascii));
    }
    out
}

/// Columns of a path that are kept in a sentence.
const PATH: usize = 20;

/// Shortens a sentence to at most `cells` columns: first the longest path in it, then its end.
pub fn sentence(text: &str, cells: usize, ascii: bool) -> String {
    let over = width(text).saturating_sub(cells);
    let paths = text.split(' ').filter(|word| word.contains('/') && width(word) > PATH);
    match paths.max_by_key(|word| width(word)).filter(|_| over > 0) {
        Some(path) => {
            let short = middle(path, width(path).saturating_sub(over).max(PATH), ascii);
            truncate(&text.replacen(path, &short, 1), cells, ascii)
        }
        None => truncate(text, cells, ascii),
    }
}

/// Shortens a name, a path or an address to at most `cells` columns by omitting its middle: its end often says more than
/// its beginning. Lists of names are shortened by [`names`](super::names).
pub fn middle(text: &str, cells: usize, ascii: bool) -> String {
    let Some(room) = cells.checked_sub(1) else { return String::new() };
    if width(text) <= cells {
        return text.to_owned();
    }
    let tail_room = (room * 3).div_ceil(5);
    let all: Vec<&str> = clusters(text).collect();
    let mut start = all.len() - clusters(end(text, tail_room)).count();
    // A whole word, if one begins close by: rather a longer end than a shorter one.
    let earlier = (start.saturating_sub(tail_room / 2)..=start).rev();
    let later = start..all.len().min(start + tail_room / 3);
    if let Some(near) = earlier.chain(later).find(|at| all.get(*at).is_some_and(|cluster| is_separator(cluster))) {
        start = near;
    }
    let tail = all.get(start..).unwrap_or_default().concat();
    let head = beginning(text, room.saturating_sub(width(&tail)));
    format!("{head}{}{tail}", ellipsis(ascii))
}

/// True between the words of a name, a path or an address.
pub(super) fn is_separator(cluster: &str) -> bool {
    matches!(cluster, "/" | " " | "." | "-" | "_" | ":" | "?" | "&" | "=" | ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joiners, flags, skin tones, accents, Hangul in parts, Devanagari, halfwidth voice marks.
    const ODD: [&str; 8] = ["👩‍👩‍👧", "🇩🇪", "👍🏽", "e\u{301}", "\u{1112}\u{1161}\u{11ab}", "क्षि", "ｶﾞ", "日本"];

    #[test]
    fn widths_are_those_that_are_drawn() {
        use ratatui::buffer::{Buffer, CellWidth};
        use ratatui::layout::Rect;
        for text in ODD.iter().copied().chain(["", "größe", "لا", "a\u{300}\u{301}b", "ÀÿĀſǿˬ‐–…‧─┼╮▁█▟"])
        {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
            let (end, _) = buffer.set_stringn(0, 0, text, 40, ratatui::style::Style::new());
            assert_eq!(width(text), usize::from(end), "{text}");
            let drawn: usize = clusters(text).map(|cluster| usize::from(cluster.cell_width())).sum();
            assert_eq!(width(text), drawn, "{text}");
        }
    }

    #[test]
    fn clusters_are_not_cut() {
        for odd in ODD {
            let text = format!("ab{odd}{odd}{odd}cd{odd}");
            for cells in 0..=width(&text) {
                for short in [truncate(&text, cells, false), middle(&text, cells, false)] {
                    assert!(width(&short) <= cells, "{short} in {cells}");
                    let known: Vec<&str> = clusters(&text).collect();
                    assert!(clusters(&short).all(|one| one == "…" || known.contains(&one)), "{short} of {text}");
                }
            }
        }
    }

    #[test]
    fn paths_in_sentences_give_way_first() {
        let text = "wrote /var/tmp/results-of-the-night/checkout_2026-11-27_*.csv (5 files)";
        assert_eq!(sentence(text, 80, false), text);
        assert_eq!(sentence(text, 60, false), "wrote /var/tmp/results-…/checkout_2026-11-27_*.csv (5 files)");
        assert_eq!(sentence(text, 30, true), "wrote /var/tm~-11-27_*.csv (5~");
        assert_eq!(sentence("it stopped unexpectedly", 12, false), "it stopped …");
    }

    #[test]
    fn sentences_lose_their_end_and_names_their_middle() {
        for (cells, sentence, name) in [
            (40, "GET /api/v2/customers/{id}/orders", "GET /api/v2/customers/{id}/orders"),
            (24, "GET /api/v2/customers/{…", "GET /api/v2…/{id}/orders"),
            (12, "GET /api/v2…", "GET …/orders"),
            (4, "GET…", "G…rs"),
            (1, "…", "…"),
            (0, "", ""),
        ] {
            let text = "GET /api/v2/customers/{id}/orders";
            assert_eq!((truncate(text, cells, false).as_str(), middle(text, cells, false).as_str()), (sentence, name));
        }
        assert_eq!(middle("GET /api/v2/customers/{id}/orders", 12, true), "GET ~/orders");
    }
}
