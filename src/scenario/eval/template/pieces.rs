//! Where the templates of a string begin and end.

use std::ops::Range;

use super::slip::Slip;

/// A piece of a string before it is compiled.
pub(super) enum Piece<'a> {
    Literal(&'a str),
    Source(&'a str),
}

/// Cuts a string at its `{{ … }}`.
pub(super) fn split(source: &str) -> Result<Vec<Piece<'_>>, Slip> {
    for mark in ["{%", "{#"] {
        if outside(source, mark) {
            return Err(Slip::new(mark, format!("`{mark}` is not supported in a scenario"))
                .note("a template is an expression: {{ … }}"));
        }
    }
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(open) = rest.find("{{") {
        let inner = close(&rest[open + 2..])
            .ok_or_else(|| Slip::new("{{", "this template is not closed").note("end it with }}"))?;
        if open > 0 {
            pieces.push(Piece::Literal(&rest[..open]));
        }
        pieces.push(Piece::Source(&rest[open + 2..][inner.clone()]));
        rest = &rest[open + 2 + inner.end + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

/// Whether the mark stands outside every `{{ … }}`.
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

/// The expression up to its `}}`; braces inside quotes and nested maps do not end it.
fn close(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut quote, mut depth, mut i) = (None, 0usize, 0);
    while i < bytes.len() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => i += 1,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(i + 1) == Some(&b'}') => return Some(0..i),
            (None, _) => {}
        }
        i += 1;
    }
    None
}
