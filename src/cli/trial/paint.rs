//! Colours of the transcript, where there are any, and cutting lines to the width.

use unicode_width::UnicodeWidthChar as _;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Where the reader's eye shall land.
    Strong,
    /// What is there for completeness.
    Quiet,
    /// All is well.
    Good,
    /// Something is not as it should be.
    Bad,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    /// `colours` is whether there are any.
    pub(super) fn new(colours: bool) -> Self {
        Self(colours)
    }

    /// The text in the colour of its role.
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

/// The text truncated to this many cells, with a `…` at its end.
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
    fn lines_are_cut_to_their_cells() {
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
    fn without_colours_there_is_no_escape() {
        assert_eq!(Paint::new(false).paint(Role::Bad, "x"), "x");
        assert_eq!(Paint::new(true).paint(Role::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
