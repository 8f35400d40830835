//! Keeps text from being read as a workflow command by the runner of GitHub Actions.
//!
//! The runner executes each line of output that starts with `::name::`, and each that contains `##[name]`; names of
//! requests, bodies and errors may come from a hostile server.

use super::ci;

/// A filter for a stream of text, which may be passed in pieces that end within a line.
#[derive(Debug, Default)]
pub struct Filter {
    /// Something other than white space was in this line.
    is_inside: bool,
    /// Number of `#` at the end, up to two.
    hashes: u8,
}

impl Filter {
    /// A filter at the start of a line.
    pub const fn new() -> Self {
        Self { is_inside: false, hashes: 0 }
    }

    /// Escapes the start of commands. A visible character is inserted: the runner ignores invisible ones when it
    /// compares. The result is still valid JSON if `text` is.
    pub fn apply(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 8);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                // The runner accepts both as the end of a line.
                '\n' | '\r' => *self = Self::new(),
                ':' if !self.is_inside && chars.peek().is_none_or(|next| *next == ':') => out.push('\\'),
                '[' if self.hashes == 2 => out.push(' '),
                _ => {}
            }
            self.is_inside |= !c.is_whitespace();
            self.hashes = if c == '#' { (self.hashes + 1).min(2) } else { 0 };
            out.push(c);
        }
        out
    }

    /// True at the start of a line.
    pub fn is_at_start(&self) -> bool {
        !self.is_inside
    }
}

/// Escapes bytes for standard output or standard error if the runner reads them; else returns `None`.
pub fn escape(filter: &mut Filter, bytes: &[u8]) -> Option<String> {
    ci::is_github_actions().then(|| filter.apply(&String::from_utf8_lossy(bytes)))
}

/// A command: one line, whatever the parameters contain.
pub fn command(name: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the runner does with a line, as in its source.
    fn is_command(line: &str) -> bool {
        line.trim_start().starts_with("::") || line.contains("##[")
    }

    const HOSTILE: &[&str] = &[
        "::error::x",
        " \t\u{a0}::set-output name=verdict::passed",
        "a\r::add-path::/tmp",
        "a\n::stop-commands::x",
        "x ##[error]y ###[group]",
        "::",
        ":",
        "####[[",
    ];

    #[test]
    fn no_line_is_a_command_in_whatever_pieces_it_arrives() {
        for text in HOSTILE {
            for piece in 1..=text.len() {
                let mut filter = Filter::new();
                let chars: Vec<char> = text.chars().collect();
                let out: String =
                    chars.chunks(piece).map(|piece| filter.apply(&piece.iter().collect::<String>())).collect();
                assert!(!out.split(['\n', '\r']).any(is_command), "{text:?}: {out:?}");
            }
        }
    }

    #[test]
    fn other_text_is_unchanged() {
        for text in ["p95 < 1s\n  a::b ## [x] #[y]\n", ":8080 is in use", "a::", "✓ größe\r\n"] {
            assert_eq!(Filter::new().apply(text), text);
        }
        let json = r#"["::a","b ##[error]"]"#;
        assert_eq!(Filter::new().apply(json), r#"["::a","b ## [error]"]"#);
    }

    #[test]
    fn commands_are_one_line() {
        let text = command("error", &[("file", "a,b:c"), ("line", "3")], "50 %\r\n::x");
        assert_eq!(text, "::error file=a%2Cb%3Ac,line=3::50 %25%0D%0A::x");
        assert_eq!(command("add-mask", &[], "100%"), "::add-mask::100%25");
    }
}
