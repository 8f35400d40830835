//! Escaping of external text for the page.

use serde::Serialize;

use crate::clean;

/// Maximum characters of a name, a message or another one-line text.
const LINE: usize = 300;

/// JSON that is safe in a `script` element: it cannot end the element or a line of JavaScript.
pub(super) fn json(data: &impl Serialize) -> String {
    let text = serde_json::to_string(data).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

/// External text as one line; the template escapes it.
pub(crate) fn line(text: &str) -> String {
    let text = clean::line(text);
    match text.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

/// External text, truncated to `most` bytes.
pub(super) fn lines(text: &str, most: usize) -> String {
    let kept = &text[..text.floor_char_boundary(most)];
    let mut out: String =
        kept.lines().map(|line| clean::line(&line.replace('\t', "    ")).into_owned() + "\n").collect();
    if kept.len() < text.len() {
        out.push_str("… (the rest is left out)\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_element() {
        let text = "</script><!--&\u{2028}\u{2029}\"";
        let escaped = json(&text);
        assert_eq!(escaped, "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029\\\"\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn long_texts_are_truncated_between_characters() {
        assert_eq!(line(&"ä".repeat(301)).chars().count(), 301);
        assert_eq!(lines("ää\tx\u{1b}", 3), "ä\n… (the rest is left out)\n");
        assert_eq!(lines("a\tb\r\nc\u{1b}", 99), "a    b\nc \n");
    }
}
