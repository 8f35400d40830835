//! Text of exact width, in terminal columns.

use std::time::{Duration, SystemTime};

pub(crate) use crate::cells::{middle, names, sentence, truncate, width};

use crate::cells;
use crate::stats::snapshot::Figures;
use crate::units;

/// Exactly `cells` columns, left-aligned.
pub(crate) fn left(text: &str, cells: usize, ascii: bool) -> String {
    let mut out = truncate(text, cells, ascii);
    out.push_str(&" ".repeat(cells.saturating_sub(width(&out))));
    out
}

/// Exactly `cells` columns, right-aligned.
pub(crate) fn right(text: &str, cells: usize, ascii: bool) -> String {
    let truncated = truncate(text, cells, ascii);
    format!("{}{truncated}", " ".repeat(cells.saturating_sub(width(&truncated))))
}

/// Wraps at spaces into lines of at most `cells` columns; longer words are split.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        let w = width(word.trim_end());
        if used > 0 && used + w > cells {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        for cluster in cells::clusters(word) {
            let w = width(cluster);
            if used + w > cells && cluster != " " {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += w;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// The visible rows, if not all are visible: `3–7 of 12`.
pub(crate) fn place(first: usize, room: usize, all: usize) -> Option<String> {
    let last = first.saturating_add(room).min(all);
    match last.saturating_sub(first) {
        shown if shown >= all => None,
        0 => Some(format!("0 of {all}")),
        1 => Some(format!("{last} of {all}")),
        _ => Some(format!("{}–{last} of {all}", first + 1)),
    }
}

/// A failure ratio: `–` for none, else as a percentage.
pub(crate) fn share(figures: &Figures) -> String {
    if figures.failures == 0 {
        return "–".to_owned();
    }
    let percent = figures.fail_ratio() * 100.0;
    if percent < 0.1 {
        "<0.1 %".to_owned()
    } else if percent < 99.95 {
        format!("{percent:.1} %")
    } else {
        "100 %".to_owned()
    }
}

/// A latency; `–` if nothing was measured.
pub(crate) fn time(d: Duration, measured: u64) -> String {
    if measured == 0 { "–".to_owned() } else { units::latency(d) }
}

/// Time since `then`: `3s ago`.
pub(crate) fn ago(then: SystemTime, now: SystemTime) -> String {
    format!("{} ago", age(now.duration_since(then).unwrap_or_default()))
}

/// A duration in a single unit: `3s`, `4m`, `2h`.
pub(crate) fn age(d: Duration) -> String {
    match d.as_secs() {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s => format!("{}h", s / 3_600),
    }
}

/// A number without decimals, with thousands separators.
pub(crate) fn whole(n: f64) -> String {
    units::count(n.round().max(0.0) as u64)
}

/// A number in at most five columns, for the end of a scale: `12.0`, `2.0k`.
pub(crate) fn short(n: f64) -> String {
    match n {
        n if n >= 999_500_000.0 => format!("{:.1}G", n / 1e9),
        n if n >= 99_950_000.0 => format!("{:.0}M", n / 1e6),
        n if n >= 999_500.0 => format!("{:.1}M", n / 1e6),
        n if n >= 9_999.5 => format!("{:.0}k", n / 1e3),
        n if n >= 999.5 => format!("{:.1}k", n / 1e3),
        n if n >= 99.5 || n.fract() == 0.0 => format!("{n:.0}"),
        n => format!("{n:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_requested_width() {
        for text in ["", "a", "größe", "日本語テスト", "a much longer text than fits"] {
            for cells in 0..12 {
                assert_eq!(width(&left(text, cells, false)), cells, "{text} {cells}");
                assert_eq!(width(&right(text, cells, true)), cells, "{text} {cells}");
            }
        }
    }

    #[test]
    fn short_numbers_are_short() {
        for (n, text) in [
            (0.0, "0"),
            (1.25, "1.2"),
            (120.4, "120"),
            (1_843.0, "1.8k"),
            (12_345.0, "12k"),
            (1.2e6, "1.2M"),
            (1.44e8, "144M"),
            (2.5e9, "2.5G"),
        ] {
            assert_eq!(short(n), text);
        }
    }

    #[test]
    fn visible_rows_are_named_if_some_are_missing() {
        for (first, room, all, wanted) in [
            (0, 5, 5, None),
            (0, 9, 0, None),
            (0, 2, 5, Some("1–2 of 5")),
            (3, 2, 5, Some("4–5 of 5")),
            (2, 1, 5, Some("3 of 5")),
            (0, 0, 5, Some("0 of 5")),
        ] {
            assert_eq!(place(first, room, all).as_deref(), wanted, "{first} {room} {all}");
        }
    }

    #[test]
    fn wrapping_loses_no_word() {
        assert_eq!(wrap("a small shop runs", 7), ["a small", "shop", "runs"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
