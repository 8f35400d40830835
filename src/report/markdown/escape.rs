//! Escapes external text for Markdown, so that it is shown literally and has no effect.

use std::borrow::Cow;

use crate::clean;

/// Maximum characters of one text; names and messages from a server can be very long.
const LONGEST: usize = 160;

/// A code span: no links, mentions, markup or references. Safe in tables.
pub(crate) fn code(text: &str) -> String {
    let text = short(text);
    if text.is_empty() {
        return "–".to_owned();
    }
    // The fence is longer than any run of backticks inside.
    let fence = "`".repeat(longest_row(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In tables, a bar ends the cell even inside a code span, unless it follows a backslash. That backslash must not be
    // read as the second of a pair.
    let text = text.replace("\\|", "\\\u{200b}|").replace('|', "\\|");
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence that may contain external names, truncated to the length of an external text.
pub(super) fn words(text: &str) -> String {
    escaped(&short(text))
}

/// A paragraph on one line that may contain external names.
pub(crate) fn escaped(text: &str) -> String {
    let text = clean::line(text);
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            // An escaped @ would still be a mention.
            '@' => out.push_str("@\u{200b}"),
            // Bare URLs become links.
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

/// A link whose text is Markdown already.
pub(super) fn link(text: &str, url: &str) -> String {
    // What would end the link, or its cell in a table, is encoded.
    let url: String = url
        .chars()
        .map(|c| match c {
            '(' | ')' | '<' | '>' | '|' | '`' | '\\' | ' ' => format!("%{:02X}", u32::from(c)),
            _ => c.to_string(),
        })
        .collect();
    format!("[{text}]({url})")
}

/// A multi-line code block that its content cannot end.
pub(super) fn block(text: &str) -> String {
    let fence = "`".repeat(longest_row(text).max(2) + 1);
    let lines: Vec<Cow<'_, str>> = text.lines().map(clean::line).collect();
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// One line of at most [`LONGEST`] characters.
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
    fn code_spans_can_contain_any_text() {
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
    fn content_cannot_end_a_block() {
        assert_eq!(block("a\n````\n\u{1b}b"), "`````text\na\n````\n b\n`````\n");
    }
}
