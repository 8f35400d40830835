//! Parses GraphQL documents. Documents are untrusted, so their length and depth are limited.
//!
//! Input: the text of a document. Output: its syntax tree, or an error message with line and column.

use std::borrow::Cow;
use std::ops::Range;

use apollo_compiler::ast::Document;
use apollo_compiler::parser::{LineColumn, Parser};

/// Maximum nesting of selections and values. Servers allow 15 to 50.
pub(super) const MAX_DEPTH: usize = 200;
/// Maximum number of tokens, including whitespace. Servers allow about 15,000.
const MAX_TOKENS: usize = 100_000;

/// Error of an invalid document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct DocumentError {
    /// Line, from 1; 0 if it concerns the whole document.
    pub line: usize,
    /// Column in characters, from 1; 0 if it concerns the whole document.
    pub column: usize,
    /// Error message.
    pub why: String,
    /// The document is valid GraphQL, but uses what katydid does not support.
    pub is_unsupported: bool,
}

impl DocumentError {
    /// Error at a position in the document.
    pub(super) fn at(start: Option<LineColumn>, why: String) -> Self {
        let (line, column) = start.map_or((0, 0), |start| (start.line, start.column));
        Self { line, column, why, is_unsupported: false }
    }

    /// Error of a valid document that cannot be measured.
    pub(super) fn unsupported(start: Option<LineColumn>, why: String) -> Self {
        Self { is_unsupported: true, ..Self::at(start, why) }
    }
}

/// Parses a document.
///
/// # Errors
/// If it is not valid GraphQL, or exceeds a limit.
pub(super) fn parse(text: &str) -> Result<Document, DocumentError> {
    let mut parser = Parser::new().recursion_limit(MAX_DEPTH).token_limit(MAX_TOKENS);
    parser.parse_ast(without_descriptions(text), "document.graphql").map_err(|wrong| {
        let first = wrong.errors.iter().next();
        let start = first.as_ref().and_then(|first| first.line_column_range()).map(|range| range.start);
        DocumentError::at(start, first.map(|first| in_words(&first.error.to_string())).unwrap_or_default())
    })
}

/// The parser's message, without names of internal types.
fn in_words(message: &str) -> String {
    let message = message.strip_prefix("syntax error: ").unwrap_or(message);
    let (expected, found) = message.split_once(", got ").map_or((message, None), |(e, found)| (e, Some(found)));
    let found = match found {
        Some("EOF") => ", found the end of the document".to_owned(),
        Some(found) => format!(", found `{found}`"),
        None => String::new(),
    };
    match expected {
        "parser recursion limit reached" => format!("more nesting than the limit of {MAX_DEPTH} levels"),
        "token limit reached, aborting lexing" => format!("more than the limit of {MAX_TOKENS} tokens"),
        "Unexpected <EOF>."
        | "expected definition"
        | "expected a StringValue, Name or OperationDefinition"
        | "expected an Operation Type or a Selection Set" => {
            "expected query, mutation, subscription, fragment or {".to_owned()
        }
        "expected R_CURLY" => format!("expected `}}`{found}"),
        "expected R_PAREN" => format!("expected `)`{found}"),
        "expected R_BRACK" => format!("expected `]`{found}"),
        "expected COLON" => format!("expected `:`{found}"),
        other if other.starts_with("expected ") => format!("{}{found}", other.to_ascii_lowercase()),
        other => {
            let first = other.get(..1).unwrap_or_default().to_ascii_lowercase();
            format!("{first}{}{found}", other.get(1..).unwrap_or(other))
        }
    }
}

/// Replaces descriptions with spaces, so that positions do not change. The GraphQL specification of 2025 allows
/// descriptions before operations, fragments and variables; the parser implements that of 2021.
pub(super) fn without_descriptions(text: &str) -> Cow<'_, str> {
    let found = descriptions(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for range in found {
        out.push_str(&text[end..range.start]);
        out.extend(text[range.clone()].chars().map(|c| if c == '\n' || c == '\r' { c } else { ' ' }));
        end = range.end;
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

/// Ranges of the strings before operations, fragments and variable definitions.
fn descriptions(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut string, mut before) = (Vec::new(), Vec::new(), None, "");
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match first {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => string_length(rest),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let token = &rest[..length];
        at += length;
        if first == '#' || first.is_whitespace() || first == ',' || first == '\u{feff}' {
            continue;
        }
        let is_described = match open.as_slice() {
            [] => ["query", "mutation", "subscription", "fragment"].contains(&token),
            ['('] => first == '$',
            _ => false,
        };
        found.extend(string.take().filter(|_| is_described));
        match first {
            '(' | '[' | '{' => open.push(first),
            ')' | ']' | '}' => drop(open.pop()),
            // A string after one of these is a value.
            '"' if !matches!(before, "=" | ":") => string = Some(at - length..at),
            _ => {}
        }
        before = token;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Length in bytes of the string literal at the start of `text`.
fn string_length(text: &str) -> usize {
    let Some(block) = text.strip_prefix("\"\"\"") else {
        let mut escaped = false;
        let end = text[1..].find(|c| {
            let is_end = c == '\n' || (c == '"' && !escaped);
            escaped = c == '\\' && !escaped;
            is_end
        });
        return end.map_or(text.len(), |end| end + 2);
    };
    let mut ends = block.match_indices("\"\"\"").map(|(end, _)| end);
    ends.find(|end| !block[..*end].ends_with('\\')).map_or(text.len(), |end| end + 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_replaced_with_spaces() {
        for (text, wanted) in [
            ("\"\"\"d\"\"\" query Q { a }", "        query Q { a }"),
            ("# \"c\"\n\"d\" fragment F on T { a }", "# \"c\"\n    fragment F on T { a }"),
            ("\"\"\"é\nb\\\"\"\"\"\"\" mutation { a }", "    \n         mutation { a }"),
            ("query Q(\"v\" $a: S = \"x\" \"w\", $b: S) { a }", "query Q(    $a: S = \"x\"    , $b: S) { a }"),
            ("query Q($a: [S] = [\"x\" \"y\"] $b: S) { a }", "query Q($a: [S] = [\"x\" \"y\"] $b: S) { a }"),
            ("{ a(s: \"query\") { query } }", "{ a(s: \"query\") { query } }"),
            ("\"d\" { a }", "\"d\" { a }"),
            ("{ a } \"\\\"", "{ a } \"\\\""),
        ] {
            assert_eq!(without_descriptions(text), wanted);
        }
    }

    #[test]
    fn messages_use_graphql_terms() {
        for (text, (line, column), wanted) in [
            ("hello", (1, 1), "expected query, mutation, subscription, fragment or {"),
            ("", (1, 1), "expected query, mutation, subscription, fragment or {"),
            ("{ a(", (1, 5), "expected an argument"),
            ("{ a { b }", (1, 10), "expected `}`, found the end of the document"),
            ("{ }", (1, 3), "expected at least one selection in selection set"),
            ("{ a ? }", (1, 5), "unexpected character \"?\""),
            ("query Q {\n  é\n}", (2, 3), "unexpected character \"é\""),
            ("{ a(s: \"\\q\") }", (1, 8), "unexpected escaped character"),
            ("\"\"\"d\nd\"\"\" query {\n a( }", (3, 5), "expected an argument"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!((error.line, error.column, error.why.as_str()), (line, column, wanted), "{text}");
        }
    }

    #[test]
    fn huge_documents_are_rejected_early() {
        for (piece, wanted) in [
            ("{", "expected at least one selection"),
            ("}", "expected query"),
            ("{a", "limit of 200 levels"),
            ("{ a(x: [", "expected"),
            ("query Q { a } ", "limit of 100000 tokens"),
            ("\"", "expected"),
            ("...", "expected"),
        ] {
            let error = parse(&piece.repeat(200_000 / piece.len())).expect_err(piece);
            assert!(error.why.contains(wanted), "{piece}: {error:?}");
        }
    }
}
