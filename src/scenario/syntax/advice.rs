//! Replaces messages of the YAML library with more helpful ones.
//!
//! Input: message, text and position. Output: message, position and note; `None` keeps the library's message.

use std::ops::Range;

/// Replacement for the library's message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// Position; `None` keeps that of the library.
    pub at: Option<Range<usize>>,
    /// `None` keeps the library's message.
    pub message: Option<String>,
    /// What to write instead.
    pub note: String,
}

/// URL schemes, whose colon is not an error.
const SCHEMES: [&str; 6] = ["http", "https", "redis", "rediss", "valkey", "valkeys"];
const ALIGN: &str = "keys of one map, and the - of one list, must start in the same column";

/// Replacement for the message at this position. Values are quoted from `shown`, in which secrets are masked.
pub(crate) fn advise((source, shown): (&str, &str), place: usize, message: &str) -> Option<Advice> {
    let place = source.floor_char_boundary(place);
    let here = Line::at(shown, shown.floor_char_boundary(place));
    let words = |message: &str, note: String| Some(Advice { at: None, message: Some(message.to_owned()), note });
    if message.starts_with("unexpected character") {
        let sign = source.get(place..)?.chars().next()?;
        return words(&format!("a value cannot start with {sign}"), quotes(here.value(place)));
    }
    if message.starts_with("reference to unknown value") {
        return words("* is a reference in YAML, and this name is not defined", quotes(here.value(place)));
    }
    if message.starts_with("invalid trailing content after single-quoted") {
        let note = "write a ' inside of '…' twice: 'it''s'; or use \"…\"";
        return words("the string ends at the quote before this", note.to_owned());
    }
    if message.starts_with("invalid trailing content after double-quoted") {
        let note = r#"write a " inside of "…" as \"; or use '…'"#;
        return words("the string ends at the quote before this", note.to_owned());
    }
    if message.contains("block scalar") {
        let note = "a multi-line string starts on the line after | or >; otherwise quote the value".to_owned();
        return Some(Advice { at: None, message: None, note });
    }
    if let Some(open) = message.strip_prefix("unclosed bracket '").and_then(|rest| rest.chars().next()) {
        let close = if open == '[' { ']' } else { '}' };
        return Some(Advice { at: None, message: None, note: format!("close it with {close}") });
    }
    let colons = ["mapping values are not allowed", "simple key expected", "illegal placement of ':'"];
    if colons.iter().any(|start| message.starts_with(start)) {
        if let Some(found) = here.narrow().or_else(|| here.before(shown).and_then(|line| line.narrow())) {
            return Some(found);
        }
        if message.starts_with("illegal") {
            return Some(Advice {
                at: None,
                message: None,
                note: "check for an unclosed [, { or quote above".to_owned(),
            });
        }
        return Some(here.colon_in_value(place).unwrap_or_else(misaligned));
    }
    let misplaced =
        ["did not find expected key", "did not find expected '-'", "did not find expected <document start>"];
    let is_block = !message.contains("flow");
    (is_block && misplaced.iter().any(|words| message.contains(words))).then(misaligned)
}

fn misaligned() -> Advice {
    let message = "inconsistent indentation".to_owned();
    Advice { at: None, message: Some(message), note: ALIGN.to_owned() }
}

/// The value in quotes, choosing a kind that needs no escapes.
fn quotes(value: &str) -> String {
    match (value.contains('"') || value.contains('\\'), value.contains('\'')) {
        (false, _) => format!("quote it: \"{value}\""),
        (true, false) => format!("quote it: '{value}'"),
        (true, true) => "quote it".to_owned(),
    }
}

/// A line and its position.
struct Line<'s> {
    start: usize,
    text: &'s str,
}

impl<'s> Line<'s> {
    fn at(source: &'s str, place: usize) -> Self {
        let start = source[..place].rfind('\n').map_or(0, |i| i + 1);
        Self { start, text: source[start..].lines().next().unwrap_or("") }
    }

    /// The last line before this one that is neither empty nor a comment.
    fn before(&self, source: &'s str) -> Option<Self> {
        let text = source[..self.start].trim_end();
        (!text.is_empty()).then(|| Self::at(source, text.len()))
    }

    /// The value at this position, up to the end of the line or of the flow collection.
    fn value(&self, place: usize) -> &'s str {
        let at = place.saturating_sub(self.start).min(self.text.len());
        let (before, value) = self.text.split_at(at);
        let value = value.split(" #").next().unwrap_or(value);
        let inside = before.matches(['{', '[']).count() > before.matches(['}', ']']).count();
        let end = if inside { value.find([',', '}', ']']) } else { None };
        value[..end.unwrap_or(value.len())].trim_end()
    }

    /// `host:demo`: a key without a space after the colon.
    fn narrow(&self) -> Option<Advice> {
        let indent = self.text.len() - self.text.trim_start_matches([' ', '-']).len();
        let rest = &self.text[indent..];
        let (key, value) = rest.split_once(':')?;
        let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_key || SCHEMES.contains(&key) || value.is_empty() || value.starts_with(char::is_whitespace) {
            return None;
        }
        let from = self.start + indent;
        Some(Advice {
            at: Some(from..from + key.len() + 1),
            message: Some("a space must follow the colon".to_owned()),
            note: format!("write {key}: {}", value.trim_end()),
        })
    }

    /// `log: a: b`: a colon in an unquoted value.
    fn colon_in_value(&self, place: usize) -> Option<Advice> {
        let first = self.text.find(": ")?;
        if self.start + first >= place {
            return None;
        }
        let value = self.text[first + 2..].trim_start();
        let from = self.start + self.text.len() - value.len();
        Some(Advice {
            at: None,
            message: Some("a colon in an unquoted value".to_owned()),
            note: quotes(self.value(from)),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    #[test]
    fn yaml_errors_have_notes() {
        let steps = |step: &str| format!("host: demo\ntasks:\n  - steps:\n      - {step}\n");
        for (text, place, wanted) in [
            (steps("post: /\n        json: @x.json"), "5:15", "= quote it: \"@x.json\""),
            (steps("get: /\n        headers: { Accept: */* }"), "5:28", "= quote it: \"*/*\""),
            (steps("log: a: b"), "4:15", "= quote it: \"a: b\""),
            (steps("get: `x`"), "4:14", "= quote it: \"`x`\""),
            (steps("log: %x \"y\" # z"), "4:14", "= quote it: '%x \"y\"'"),
            (steps("log: 'it's'"), "4:18", "'it''s'"),
            (steps("log: \"a \"b\" c\""), "4:18", "as \\\""),
            (steps("log: | a"), "4:14", "on the line after"),
            (steps("get: /\n     name: x"), "5:6", "start in the same column"),
            (steps("get: /\n       - get: /a"), "5:8", "start in the same column"),
            (steps("get: /\n          name: x"), "5:15", "start in the same column"),
            ("host:demo\ntasks:\n- steps:\n  - get: /a\n".to_owned(), "1:1", "= write host: demo"),
            ("host: demo\nusers:3\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(), "2:1", "= write users: 3"),
            ("  host: demo\nusers: 3\n".to_owned(), "2:1", "start in the same column"),
            (steps("get:/a"), "4:9", "= write - get: /a"),
            ("host: demo\ntasks: [{ steps: [{ get: / }] }\n".to_owned(), "2:8", "= close it with ]"),
        ] {
            let error = Scenario::parse("y.yaml", &text).unwrap_err().text;
            assert!(error.contains(&format!("y.yaml:{place}\n")) && error.contains(wanted), "{text}\n{error}");
        }
    }
}
