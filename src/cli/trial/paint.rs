//! Colors of the transcript, and truncation to the width of the terminal.

use unicode_width::UnicodeWidthChar as _;

/// Role of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Important.
    Strong,
    /// Less important.
    Quiet,
    /// Success.
    Good,
    /// Failure.
    Bad,
}

/// Whether to use colors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    /// `colours` enables colors.
    pub(super) fn new(colours: bool) -> Self {
        Self(colours)
    }

    /// Returns the text in the color of its role.
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        let code = match role {
            Role::Strong => "1",
            Role::Quiet => "2",
            Role::Good => "32",
            Role::Bad => "31",
        };
        if self.0 && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Truncates to this many cells, with a `…` at the end.
pub(super) fn cut(text: &str, cells: usize) -> String {
    let mut out = String::new();
    let mut used = 0usize;
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        let rest_fits = || text[at..].chars().map(|c| c.width().unwrap_or(0)).take(cells + 1).sum::<usize>() + used;
        if used + wide >= cells && rest_fits() > cells {
            out.push('…');
            return out;
        }
        used += wide;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_truncated_to_their_cells() {
        for (text, cells, wanted) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本", 4, "日本"),
            ("日本語", 4, "日…"),
            ("", 0, ""),
            ("a", 0, "…"),
        ] {
            assert_eq!(cut(text, cells), wanted, "{text} {cells}");
        }
    }

    #[test]
    fn without_colours_there_are_no_escape_sequences() {
        assert_eq!(Paint::new(false).paint(Role::Bad, "x"), "x");
        assert_eq!(Paint::new(true).paint(Role::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
