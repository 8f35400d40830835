//! Replaces messages of the YAML library by ones that name what to write instead.
//!
//! In: its message, the text and the place. Out: the message, place and advice to show; `None` keeps the library's message.

use std::ops::Range;

/// What is shown instead of the library's message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// Place; `None` is that of the library.
    pub at: Option<Range<usize>>,
    /// `None` keeps the library's message.
    pub message: Option<String>,
    /// What to write instead.
    pub note: String,
}

/// URL schemes, whose colon is not a mistake.
const SCHEMES: [&str; 4] = ["http", "https", "redis", "rediss"];
const ALIGN: &str = "keys of one map, and the - of one list, begin in the same column";

/// What to do about the message at this place.
pub(crate) fn advise(source: &str, place: usize, message: &str) -> Option<Advice> {
    let place = source.floor_char_boundary(place);
    let here = Line::at(source, place);
    let words = |message: &str, note: String| Some(Advice { at: None, message: Some(message.to_owned()), note });
    if message.starts_with("unexpected character") {
        let sign = source.get(place..)?.chars().next()?;
        return words(&format!("a value cannot begin with {sign}"), quotes(here.value(place)));
    }
    if message.starts_with("reference to unknown value") {
        return words("* begins a reference in YAML, and nothing has this name", quotes(here.value(place)));
    }
    if message.starts_with("invalid trailing content after single-quoted") {
        let note = "a ' inside of '…' is written twice: 'it''s'; or put the string into \"…\"";
        return words("the string ends at the quote before this", note.to_owned());
    }
    if message.starts_with("invalid trailing content after double-quoted") {
        let note = r#"a " inside of "…" is written \"; or put the string into '…'"#;
        return words("the string ends at the quote before this", note.to_owned());
    }
    if message.contains("block scalar") {
        let note =
            "a string of several lines starts in the line below | or >; else put quotes round the value".to_owned();
        return Some(Advice { at: None, message: None, note });
    }
    if let Some(open) = message.strip_prefix("unclosed bracket '").and_then(|rest| rest.chars().next()) {
        let close = if open == '[' { ']' } else { '}' };
        return Some(Advice { at: None, message: None, note: format!("close it with {close}") });
    }
    let colons = ["mapping values are not allowed", "simple key expected", "illegal placement of ':'"];
    if colons.iter().any(|start| message.starts_with(start)) {
        if let Some(found) = here.narrow().or_else(|| here.before(source).and_then(|line| line.narrow())) {
            return Some(found);
        }
        if message.starts_with("illegal") {
            return Some(Advice {
                at: None,
                message: None,
                note: "is a [, a { or a quote above not closed?".to_owned(),
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

/// The value in quotes that need no more quotes.
fn quotes(value: &str) -> String {
    match (value.contains('"') || value.contains('\\'), value.contains('\'')) {
        (false, _) => format!("put quotes round it: \"{value}\""),
        (true, false) => format!("put quotes round it: '{value}'"),
        (true, true) => "put quotes round it".to_owned(),
    }
}

/// A line and where it begins.
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

    /// The value that begins at this place, up to the end of the line, or of its place in a list or map in brackets.
    fn value(&self, place: usize) -> &'s str {
        let at = place.saturating_sub(self.start).min(self.text.len());
        let (before, value) = self.text.split_at(at);
        let value = value.split(" #").next().unwrap_or(value);
        let inside = before.matches(['{', '[']).count() > before.matches(['}', ']']).count();
        let end = if inside { value.find([',', '}', ']']) } else { None };
        value[..end.unwrap_or(value.len())].trim_end()
    }

    /// `host:demo`: a key without a space behind its colon.
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

    /// `log: a: b`: a colon in a value without quotes.
    fn colon_in_value(&self, place: usize) -> Option<Advice> {
        let first = self.text.find(": ")?;
        if self.start + first >= place {
            return None;
        }
        let value = self.text[first + 2..].trim_start();
        let from = self.start + self.text.len() - value.len();
        Some(Advice {
            at: None,
            message: Some("a colon in a value without quotes".to_owned()),
            note: quotes(self.value(from)),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    #[test]
    fn every_yaml_mistake_has_advice() {
        let steps = |step: &str| format!("host: demo\ntasks:\n  - steps:\n      - {step}\n");
        for (text, place, wanted) in [
            (steps("post: /\n        json: @x.json"), "5:15", "= put quotes round it: \"@x.json\""),
            (steps("get: /\n        headers: { Accept: */* }"), "5:28", "= put quotes round it: \"*/*\""),
            (steps("log: a: b"), "4:15", "= put quotes round it: \"a: b\""),
            (steps("get: `x`"), "4:14", "= put quotes round it: \"`x`\""),
            (steps("log: %x \"y\" # z"), "4:14", "= put quotes round it: '%x \"y\"'"),
            (steps("log: 'it's'"), "4:18", "'it''s'"),
            (steps("log: \"a \"b\" c\""), "4:18", "written \\\""),
            (steps("log: | a"), "4:14", "in the line below"),
            (steps("get: /\n     name: x"), "5:6", "begin in the same column"),
            (steps("get: /\n       - get: /a"), "5:8", "begin in the same column"),
            (steps("get: /\n          name: x"), "5:15", "begin in the same column"),
            ("host:demo\ntasks:\n- steps:\n  - get: /a\n".to_owned(), "1:1", "= write host: demo"),
            ("host: demo\nusers:3\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(), "2:1", "= write users: 3"),
            ("  host: demo\nusers: 3\n".to_owned(), "2:1", "begin in the same column"),
            (steps("get:/a"), "4:9", "= write - get: /a"),
            ("host: demo\ntasks: [{ steps: [{ get: / }] }\n".to_owned(), "2:8", "= close it with ]"),
        ] {
            let error = Scenario::parse("y.yaml", &text).unwrap_err().text;
            assert!(error.contains(&format!("y.yaml:{place}\n")) && error.contains(wanted), "{text}\n{error}");
        }
    }
}
