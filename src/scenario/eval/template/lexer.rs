//! Splits a template expression into tokens; the only code that finds the end of a quoted string.
//!
//! Used for checks and advice before the template library parses the expression, so it accepts any input.

use std::iter::Peekable;
use std::ops::Range;

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a keyword or a number.
    Word,
    /// A string with its quotes; without a closing quote, it extends to the end.
    String,
    /// Any other character except white space.
    Sign,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: TokenKind,
    pub text: &'a str,
    /// Position of its first byte.
    pub at: usize,
}

impl Token<'_> {
    pub fn is(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    pub fn range(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    /// The opening quote of an unterminated string.
    pub fn open_quote(&self) -> Option<char> {
        let quote = self.text.chars().next().filter(|_| self.kind == TokenKind::String)?;
        (string_end(self.text, quote).is_none()).then_some(quote)
    }
}

/// The tokens of `code`, in order.
pub(super) fn tokens(code: &str) -> Peekable<impl Iterator<Item = Token<'_>>> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let rest = code[end..].trim_start();
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '"' | '\'' => (TokenKind::String, string_end(rest, first).unwrap_or(rest.len())),
            _ if is_word(first) => (TokenKind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ => (TokenKind::Sign, first.len_utf8()),
        };
        let at = code.len() - rest.len();
        end = at + length;
        Some(Token { kind, text: &rest[..length], at })
    })
    .peekable()
}

/// The expression with its strings replaced by spaces.
pub(super) fn without_strings(code: &str) -> String {
    let mut out = code.to_owned();
    for string in tokens(code).filter(|token| token.kind == TokenKind::String) {
        out.replace_range(string.range(), &" ".repeat(string.text.len()));
    }
    out
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The byte after the closing quote of the string at the start of `text`.
fn string_end(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let inside = text[1..].find(|c| {
        let is_end = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    inside.map(|inside| inside + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_split_into_tokens() {
        for (code, wanted) in [
            ("a.b2 | default('x')", &["a", ".", "b2", "|", "default", "(", "'x'", ")"][..]),
            ("'it\\'s' ~ \"a 'b' \\\\\"", &["'it\\'s'", "~", "\"a 'b' \\\\\""]),
            ("a>=1.5", &["a", ">", "=", "1", ".", "5"]),
            ("{'}}': é}", &["{", "'}}'", ":", "é", "}"]),
            ("a ~ 'no end", &["a", "~", "'no end"]),
            (" \n ", &[]),
        ] {
            assert_eq!(tokens(code).map(|token| token.text).collect::<Vec<_>>(), wanted, "{code}");
            assert!(tokens(code).all(|token| &code[token.range()] == token.text), "{code}");
        }
    }

    #[test]
    fn unterminated_strings_are_detected() {
        for (code, wanted) in
            [("a ~ 'x", Some('\'')), ("'x\\'", Some('\'')), ("\"", Some('"')), ("'x'", None), ("a", None)]
        {
            assert_eq!(tokens(code).last().and_then(|token| token.open_quote()), wanted, "{code}");
        }
        assert_eq!(without_strings("a == '=' && \"é\""), "a ==     &&     ");
    }
}
