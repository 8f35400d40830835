//! Text from outside in Markdown: shown as it is, and nothing that a reader of Markdown would act on.

use std::borrow::Cow;

use crate::clean;

/// Characters of one text: names and messages of a server can be longer than a page.
const LONGEST: usize = 160;

/// A code span, in which there are neither links, mentions, markup nor references. Safe in a table too.
pub(crate) fn code(text: &str) -> String {
    let text = short(text);
    if text.is_empty() {
        return "–".to_owned();
    }
    // The fence is longer than any row of backticks inside.
    let fence = "`".repeat(longest_row(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In a table a bar ends the cell even inside of a code span, unless a backslash stands before it; that one must not
    // be taken for the second of a pair.
    let text = text.replace("\\|", "\\\u{200b}|").replace('|', "\\|");
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence of ours that may have names from outside in it; what is longer than a text from outside is left out.
pub(super) fn words(text: &str) -> String {
    escaped(&short(text))
}

/// A paragraph of ours in one line, with names from outside in it.
pub(crate) fn escaped(text: &str) -> String {
    let text = clean::line(text);
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            // An escaped one would still mention somebody.
            '@' => out.push_str("@\u{200b}"),
            // Bare addresses become links.
            ':' if text[at..].starts_with("://") => out.push_str(":\u{200b}"),
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => out.push_str("\u{200b}."),
            '#' => out.push_str("\\#\u{200b}"),
            // Without brackets, parentheses and an exclamation mark are no link and no image.
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => {
                out.extend(['\\', c]);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A block of code of several lines, which nothing inside can end.
pub(super) fn block(text: &str) -> String {
    let fence = "`".repeat(longest_row(text).max(2) + 1);
    let lines: Vec<Cow<'_, str>> = text.lines().map(clean::line).collect();
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// One line, at most [`LONGEST`] characters.
fn short(text: &str) -> String {
    let text = clean::line(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn longest_row(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_anything() {
        for (text, safe) in [
            ("/products", "`/products`"),
            ("a`b", "``a`b``"),
            ("`a", "`` `a ``"),
            ("a|b", "`a\\|b`"),
            ("a\\|b", "`a\\\u{200b}\\|b`"),
            ("@all\n# x <b>", "`@all # x <b>`"),
            (" \t", "–"),
        ] {
            assert_eq!(code(text), safe);
        }
        assert_eq!(code(&"x".repeat(1_000)).chars().count(), LONGEST + 3);
    }

    #[test]
    fn sentences_have_no_markup() {
        assert_eq!(
            words("p95 *is* [x](http://a) | @me #1 www.x <i>"),
            "p95 \\*is\\* \\[x\\](http:\u{200b}//a) \\| @\u{200b}me \\#\u{200b}1 www\u{200b}.x \\<i\\>"
        );
    }

    #[test]
    fn nothing_ends_a_block() {
        assert_eq!(block("a\n````\n\u{1b}b"), "`````text\na\n````\n b\n`````\n");
    }
}
