//! Escapes external text for Markdown, so that it is shown literally and has no effect.

use std::borrow::Cow;

use crate::clean;

/// Maximum characters of one text; names and messages from a server can be very long.
const LONGEST: usize = 160;
/// Maximum characters of a paragraph.
const LONGEST_PARAGRAPH: usize = 2_000;

/// A space of no width, which ends what would be a link or a mention.
const BREAK: char = '\u{200b}';
/// Digits of a hash that are not linked yet.
const SHORT_HASH: usize = 6;

/// A code span in a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    // In tables, a bar ends the cell even inside a code span, unless it follows a backslash. That backslash must not be
    // read as the second of a pair.
    code(text).replace("\\|", "\\\u{200b}|").replace('|', "\\|")
}

/// A code span outside of tables: no links, mentions, markup or references.
pub(crate) fn code(text: &str) -> String {
    let text = short(text);
    if text.is_empty() {
        return "–".to_owned();
    }
    // The fence is longer than any run of backticks inside.
    let fence = "`".repeat(longest_row(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Sentences that must be read to their end, and may contain external names.
pub(super) fn paragraph(text: &str) -> String {
    escaped(&shortened(text, LONGEST_PARAGRAPH))
}

/// A sentence that may contain external names, truncated to the length of an external text.
pub(super) fn words(text: &str) -> String {
    escaped(&short(text))
}

/// A paragraph on one line that may contain external names.
pub(crate) fn escaped(text: &str) -> String {
    let text = clean::line(text);
    let mut out = String::with_capacity(text.len() + 8);
    if is_list_item(&text) {
        out.push(BREAK);
    }
    // Where the next break is due in a word that looks like the hash of a commit.
    let mut hash: Option<(usize, usize)> = None;
    for (at, c) in text.char_indices() {
        hash = hash.filter(|(_, end)| at < *end).or_else(|| hash_at(&text, at));
        if let Some((next, end)) = hash
            && at == next
        {
            out.push(BREAK);
            hash = Some((at + SHORT_HASH, end));
        }
        match c {
            // `GH-12` is an issue.
            '-' if is_issue(&text, at) => out.extend(['-', BREAK]),
            // `:+1:` is a picture.
            ':' if is_picture(&text[at + 1..]) => out.extend([':', BREAK]),
            // An escaped @ would still be a mention.
            '@' => out.extend(['@', BREAK]),
            // Bare URLs become links.
            ':' if text[at..].starts_with("://") => out.extend([':', BREAK]),
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => out.extend([BREAK, '.']),
            '#' => out.extend(['\\', '#', BREAK]),
            // Without brackets, parentheses and an exclamation mark are no link and no image.
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => {
                out.extend(['\\', c]);
            }
            _ => out.push(c),
        }
    }
    out
}

/// The first break in a word that looks like the hash of a commit, which GitHub links, and its end; `at` is its start.
fn hash_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text[..at].chars().next_back().is_some_and(is_word) {
        return None;
    }
    let word = &text[at..at + text[at..].find(|c| !is_word(c)).unwrap_or(text.len() - at)];
    let is_hex = |c: char| c.is_ascii_hexdigit();
    // A word of letters alone is one of a language, and one of digits a number.
    let is_mixed = word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic());
    let is_hash = word.len() > SHORT_HASH && word.chars().all(is_hex) && is_mixed;
    is_hash.then_some((at + SHORT_HASH, at + word.len()))
}

/// True if the hyphen at `at` is that of an issue such as `GH-12`.
fn is_issue(text: &str, at: usize) -> bool {
    let starts = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    text[..at].to_ascii_lowercase().ends_with("gh") && starts(&text[at + 1..])
}

/// True if what follows a colon is the name of a picture and another colon.
fn is_picture(rest: &str) -> bool {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-')));
    end.is_some_and(|end| end > 0 && rest[end..].starts_with(':'))
}

/// True if a line with this text would be an item of a list, or a rule.
fn is_list_item(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if rest.len() < text.len() { &['.', ')'] } else { &['-', '+'] };
    let after = rest.strip_prefix(marks);
    after.is_some_and(|after| after.is_empty() || after.starts_with(' '))
        || (!text.is_empty() && text.trim_end().chars().all(|c| c == '-' || c == '='))
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
    shortened(text, LONGEST)
}

fn shortened(text: &str, longest: usize) -> String {
    let text = clean::line(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(longest) {
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
            ("a|b", "`a|b`"),
            ("a\\|b", "`a\\|b`"),
            ("@all\n# x <b>", "`@all # x <b>`"),
            (" \t", "–"),
        ] {
            assert_eq!(code(text), safe);
        }
        assert_eq!(code(&"x".repeat(1_000)).chars().count(), LONGEST + 3);
        assert_eq!([cell("a|b"), cell("a\\|b")], ["`a\\|b`", "`a\\\u{200b}\\|b`"]);
    }

    #[test]
    fn sentences_have_no_markup() {
        assert_eq!(
            words("p95 *is* [x](http://a) | @me #1 www.x <i>"),
            "p95 \\*is\\* \\[x\\](http:\u{200b}//a) \\| @\u{200b}me \\#\u{200b}1 www\u{200b}.x \\<i\\>"
        );
    }

    #[test]
    fn sentences_refer_to_nothing() {
        for (text, shown) in [
            ("GH-12, gh-7 and GH-x", "GH-|12, gh-|7 and GH-x"),
            ("#12 o/r#12", "\\#|12 o/r\\#|12"),
            ("@name a@b.c", "@|name a@|b.c"),
            ("at a1b2c3d", "at a1b2c3|d"),
            ("0123456789abcdef0123456789abcdef01234567", "012345|6789ab|cdef01|234567|89abcd|ef0123|4567"),
            ("o/r@a1b2c3d4", "o/r@|a1b2c3|d4"),
            ("defaced effaced a1b2c3 xa1b2c3d", "defaced effaced a1b2c3 xa1b2c3d"),
            ("/users/:id:/x p95: 3:40:1", "/users/:|id:/x p95: 3:|40:1"),
            ("- a", "|- a"),
            ("1. a", "|1. a"),
            ("1.5 s is -5 %, 1234567 s", "1.5 s is -5 %, 1234567 s"),
            ("-5 %", "-5 %"),
            ("---", "|---"),
            ("", ""),
            ("ä: é", "ä: é"),
        ] {
            assert_eq!(escaped(text).replace(BREAK, "|"), shown, "{text}");
        }
    }

    #[test]
    fn content_cannot_end_a_block() {
        assert_eq!(block("a\n````\n\u{1b}b"), "`````text\na\n````\n b\n`````\n");
    }
}
