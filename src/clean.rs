//! Removes control characters from text that comes from outside (names, bodies, errors), which may be hostile.

use std::borrow::Cow;

/// Replaces control characters and bidirectional overrides with spaces, so that text can neither move the cursor nor
/// fake a line.
pub fn line(text: &str) -> Cow<'_, str> {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if text.chars().any(bad) {
        Cow::Owned(text.chars().map(|c| if bad(c) { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// What an error of the system says, without its number.
pub fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or(&text).to_owned()
}

/// Replaces non-ASCII characters; those without a fallback become `?`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let fallback = |c| match c {
        '→' => '>',
        'µ' => 'u',
        '×' => 'x',
        '–' => '-',
        '…' => '~',
        c if c.is_ascii() => c,
        _ => '?',
    };
    Cow::Owned(text.chars().map(fallback).collect())
}

/// A name that is safe in file names on any system; `run` if nothing of it is left.
pub fn file_name(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = text.chars().take(60).map(safe).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "run".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn causes_have_no_numbers() {
        let missing = std::fs::File::open("/nowhere/at all").expect_err("no file");
        assert_eq!(super::cause(&missing), "No such file or directory");
        assert_eq!(super::cause(&std::io::ErrorKind::TimedOut.into()), "timed out");
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(super::line("a\u{1b}[2Jb\r\nc\u{202e}d"), "a [2Jb  c d");
        assert!(matches!(super::line("größe ✓"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn file_names_are_safe() {
        for (text, name) in [("../../etc/passwd", "etc-passwd"), ("///", "run"), ("a b_c", "a-b_c"), ("", "run")] {
            assert_eq!(super::file_name(text), name);
        }
    }
}
