//! Removes control characters from text that comes from outside (names, bodies, errors), which may be hostile.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

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

/// Marks that a character may have when it is drawn; further ones are dropped.
const MARKS: usize = 3;

/// Replaces what terminals draw in different widths: one that counts a column more or less than the screen shifts the
/// rest of the line, and leaves its end behind. What emoji are joined and varied with is dropped, flags become letters, and
/// what is invisible is gone. Letters keep their accents.
pub fn drawn(text: &str) -> Cow<'_, str> {
    let text = line(text);
    if text.is_ascii() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    // Marks since the last character; one at the beginning would join what is left of the text.
    let mut marks = MARKS;
    for c in text.chars() {
        match c {
            // Half a flag.
            '\u{1f1e6}'..='\u{1f1ff}' => out.push((b'A' + (c as u32 - 0x1f1e6) as u8) as char),
            // Blank letters.
            '\u{3164}' | '\u{ffa0}' => out.push(' '),
            // Wide only in new versions of Unicode.
            '\u{2630}'..='\u{2637}' | '\u{268a}'..='\u{268f}' | '\u{4dc0}'..='\u{4dff}' | '\u{1d300}'..='\u{1d37f}' => {
                out.push('?');
            }
            c if is_invisible(c) => continue,
            // Parts of a Hangul syllable are not marks.
            c if c.width() == Some(0) && !matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}') => {
                if marks < MARKS {
                    out.push(c);
                }
                marks = marks.saturating_add(1);
                continue;
            }
            c => out.push(c),
        }
        marks = 0;
    }
    Cow::Owned(out)
}

/// Joiners, variation selectors, skin tones, tags, and other characters that have no shape of their own.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20dd}'..='\u{20e4}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What an error of the system says, without its number, and without the path of a temporary file.
pub fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = [" (os error ", " at path \""].iter().filter_map(|mark| text.find(mark)).min();
    end.map_or(text.as_str(), |end| &text[..end]).to_owned()
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
    // Accents have no columns of their own.
    Cow::Owned(text.chars().filter(|c| c.width() != Some(0)).map(fallback).collect())
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
        let temporary = tempfile::tempfile_in("/nowhere").map(drop).expect_err("no folder");
        assert_eq!(super::cause(&temporary), "No such file or directory");
        let named = std::io::Error::other("it is full at path \"/tmp/.x\"");
        assert_eq!(super::cause(&named), "it is full");
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(super::line("a\u{1b}[2Jb\r\nc\u{202e}d"), "a [2Jb  c d");
        assert!(matches!(super::line("größe ✓"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn what_terminals_draw_in_different_widths_is_replaced() {
        for (text, wanted) in [
            ("/größe ✓ 日本 e\u{301}", "/größe ✓ 日本 e\u{301}"),
            ("/👩\u{200d}👩\u{200d}👧/x", "/👩👩👧/x"),
            ("👍🏽 ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "👍 ❤ 1"),
            ("🇩🇪 🏴\u{e0067}\u{e0062}\u{e007f}", "DE 🏴"),
            ("a\u{200b}b\u{ad}c\u{feff}d\u{3164}e", "abcd e"),
            ("\u{301}a\u{301}\u{302}\u{303}\u{304}\u{305}b\u{301}", "a\u{301}\u{302}\u{303}b\u{301}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{1112}\u{1161}\u{11ab}"),
            ("䷀", "?"),
            ("a\u{1b}[2Jb", "a [2Jb"),
        ] {
            assert_eq!(super::drawn(text), wanted, "{text:?}");
        }
        assert!(matches!(super::drawn("/plain"), std::borrow::Cow::Borrowed(_)));
        assert_eq!(super::ascii("größe e\u{301} → 日"), "gr??e e > ?");
    }

    #[test]
    fn file_names_are_safe() {
        for (text, name) in [("../../etc/passwd", "etc-passwd"), ("///", "run"), ("a b_c", "a-b_c"), ("", "run")] {
            assert_eq!(super::file_name(text), name);
        }
    }
}
