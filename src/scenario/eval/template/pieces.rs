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
