//! Splits a string into literals and templates.

use std::ops::Range;

use super::lexer::tokens;
use super::template_error::TemplateError;

/// A piece of a string before compilation.
pub(super) enum StringPiece<'a> {
    Literal(&'a str),
    Source(&'a str),
}

/// Splits a string at its `{{ … }}`.
pub(super) fn split(source: &str) -> Result<Vec<StringPiece<'_>>, TemplateError> {
    for mark in ["{%", "{#"] {
        if outside(source, mark) {
            return Err(TemplateError::new(mark, format!("`{mark}` is not supported in a scenario"))
                .note("a template is an expression: {{ … }}"));
        }
    }
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(open) = rest.find("{{") {
        let inner = close(&rest[open + 2..])
            .ok_or_else(|| TemplateError::new("{{", "this template is not closed").note("end it with }}"))?;
        if open > 0 {
            pieces.push(StringPiece::Literal(&rest[..open]));
        }
        pieces.push(StringPiece::Source(&rest[open + 2..][inner.clone()]));
        rest = &rest[open + 2 + inner.end + 2..];
    }
    if !rest.is_empty() {
        pieces.push(StringPiece::Literal(rest));
    }
    Ok(pieces)
}

/// Splits a string at white space outside of its `{{ … }}`. A template without an end is one word with all that follows.
pub(crate) fn words(source: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = source.trim_start();
    while !rest.is_empty() {
        let mut end = 0;
        loop {
            let tail = &rest[end..];
            let space = tail.find(char::is_whitespace).unwrap_or(tail.len());
            let Some(open) = tail[..space].find("{{").map(|open| open + 2) else {
                end += space;
                break;
            };
            match close(&tail[open..]) {
                Some(inner) => end += open + inner.end + 2,
                None => {
                    end = rest.trim_end().len();
                    break;
                }
            }
        }
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

/// Whether the mark is outside all `{{ … }}`.
fn outside(source: &str, mark: &str) -> bool {
    let mut rest = source;
    while let Some(open) = rest.find("{{") {
        if rest[..open].contains(mark) {
            return true;
        }
        match close(&rest[open + 2..]) {
            Some(inner) => rest = &rest[open + 2 + inner.end + 2..],
            None => return false,
        }
    }
    rest.contains(mark)
}

/// The range of the expression up to its `}}`; braces in strings and nested maps do not end it.
fn close(text: &str) -> Option<Range<usize>> {
    let mut depth = 0usize;
    for token in tokens(text) {
        if token.is("{") {
            depth += 1;
        } else if token.is("}") && depth > 0 {
            depth -= 1;
        } else if token.is("}") && text[token.range().end..].starts_with('}') {
            return Some(0..token.at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn blanks_in_templates_do_not_split() {
        for (source, wanted) in [
            ("GET cart:{{ user.id }}", &["GET", "cart:{{ user.id }}"][..]),
            (" SET  {{ a }}:{{ b ~ ' x ' }}y  1 ", &["SET", "{{ a }}:{{ b ~ ' x ' }}y", "1"]),
            ("SET k {{ {'a b': 1} | tojson }}", &["SET", "k", "{{ {'a b': 1} | tojson }}"]),
            ("SET k {{ \" }} \" ~ x }}z w", &["SET", "k", "{{ \" }} \" ~ x }}z", "w"]),
            ("GET {{ user.id x ", &["GET", "{{ user.id x"]),
            ("SET k {\"a\":1}", &["SET", "k", "{\"a\":1}"]),
            ("\t", &[]),
            ("é\u{a0}ü", &["é", "ü"]),
        ] {
            assert_eq!(words(source), wanted, "{source}");
        }
    }
}
