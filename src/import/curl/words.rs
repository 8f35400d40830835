//! Splits shell command lines: quotes, escapes and line continuations, as in POSIX shells and bash. Nothing is executed;
//! variables are replaced by the values that the text assigns, or marked.

use super::variables::{Assigned, mark_shell};

/// A command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its words.
    pub words: Vec<String>,
    /// Standard input, if it is part of the text.
    pub input: Option<Input>,
    /// The next command reads its output.
    pub piped: bool,
}

/// A standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `<<END` or `<<<'text'`.
    Text(String),
    /// `< file`.
    File(String),
}

/// Commands in the text.
pub fn commands(text: &str) -> Vec<Line> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        commands: vec![Line::default()],
        word: None,
        redirection: None,
        documents: Vec::new(),
        assigned: Assigned::default(),
    };
    reader.read();
    reader.commands.retain(|command| !command.words.is_empty());
    reader.commands
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    commands: Vec<Line>,
    /// `None` between words: a quoted empty word is a word.
    word: Option<String>,
    /// Role of the next word in a redirection.
    redirection: Option<Redirection>,
    /// Here-documents that start on the next line: the delimiter, and whether leading tabs are removed.
    documents: Vec<(usize, String, bool)>,
    assigned: Assigned,
}

enum Redirection {
    /// `> file`
    Output,
    /// `< file`
    File,
    /// `<<< text`
    Text,
    /// `<< END`, `<<- END`
    Document(bool),
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(c) = self.rest.next() {
            match c {
                '\'' => self.single(),
                '"' => self.double(),
                '$' if self.rest.peek() == Some(&'\'') => {
                    self.rest.next();
                    self.ansi();
                }
                '$' => self.dollar(),
                '`' => self.backquoted(),
                '\\' => match self.rest.next() {
                    Some('\r') if self.rest.peek() == Some(&'\n') => drop(self.rest.next()),
                    Some('\n') | None => {}
                    Some(c) => self.push(c),
                },
                '\n' => {
                    self.end_command();
                    self.documents();
                }
                ';' | '|' => {
                    let pipe = c == '|' && self.rest.next_if_eq(&'|').is_none();
                    self.end_word();
                    if let Some(command) = self.commands.last_mut() {
                        command.piped = pipe;
                    }
                    self.end_command();
                }
                '&' if self.rest.peek() == Some(&'>') => self.end_word(),
                '<' | '>' => self.redirect(c),
                '&' if self.word.is_none() || self.rest.peek() == Some(&'&') => self.end_command(),
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_word();
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let number = self.commands.len().saturating_sub(1);
        let (Some(word), Some(command)) = (self.word.take(), self.commands.last_mut()) else { return };
        match self.redirection.take() {
            None => {
                // Assignments come before a command, or after `export`.
                let assigns = command.words.iter().all(|word| word.contains('=') || word == "export" || word == "env");
                if assigns {
                    self.assigned.take(&word);
                }
                command.words.push(word);
            }
            Some(Redirection::Output) => {}
            Some(Redirection::File) => command.input = Some(Input::File(word)),
            Some(Redirection::Text) => command.input = Some(Input::Text(word + "\n")),
            Some(Redirection::Document(tabs)) => self.documents.push((number, word, tabs)),
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirection = None;
        self.commands.push(Line::default());
    }

    fn redirect(&mut self, mark: char) {
        // A number before it is a file descriptor.
        if self.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        let mut next = |mark: char| self.rest.next_if_eq(&mark).is_some();
        self.redirection = Some(if mark == '>' {
            let _ = next('>') || next('|') || next('&');
            Redirection::Output
        } else if !next('<') {
            let _ = next('&');
            Redirection::File
        } else if next('<') {
            Redirection::Text
        } else {
            Redirection::Document(next('-'))
        });
    }

    /// Reads the here-documents.
    fn documents(&mut self) {
        for (number, end, tabs) in std::mem::take(&mut self.documents) {
            let mut text = String::new();
            while self.rest.peek().is_some() {
                let line: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != '\n')).collect();
                self.rest.next();
                let line = line.trim_end_matches('\r');
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                if line == end {
                    break;
                }
                text.extend([line, "\n"]);
            }
            self.commands[number].input = Some(Input::Text(text));
        }
    }

    fn single(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next().filter(|c| *c != '\'') {
            self.push(c);
        }
    }

    fn double(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next().filter(|c| *c != '"') {
            match c {
                '\\' => match self.rest.next() {
                    Some('\n') | None => {}
                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                },
                '$' => self.dollar(),
                '`' => self.backquoted(),
                c => self.push(c),
            }
        }
    }

    fn push_text(&mut self, text: &str) {
        self.word.get_or_insert_default().push_str(text);
    }

    /// A variable or a command after `$`.
    fn dollar(&mut self) {
        let is_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        match self.rest.peek() {
            Some('(') => {
                let text = self.nested('(', ')');
                self.push_text(&mark_shell(&format!("${text}")));
            }
            Some('{') => {
                let text = self.nested('{', '}');
                let inner = text.trim_start_matches('{').trim_end_matches('}');
                let end = inner.find(|c| !is_word(&c)).unwrap_or(inner.len());
                let (name, operation) = inner.split_at(end);
                let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'));
                let required = operation.starts_with('?') || operation.starts_with(":?");
                let value = if name.is_empty() || !(operation.is_empty() || default.is_some() || required) {
                    mark_shell(&format!("${text}"))
                } else {
                    self.assigned.value(name, default)
                };
                self.push_text(&value);
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let name: String = std::iter::from_fn(|| self.rest.next_if(|c| is_word(c))).collect();
                let value = self.assigned.value(&name, None);
                self.push_text(&value);
            }
            Some(c @ ('0'..='9' | '@' | '*' | '#' | '?' | '!' | '$')) => {
                let text = format!("${c}");
                self.rest.next();
                self.push_text(&mark_shell(&text));
            }
            _ => self.push('$'),
        }
    }

    fn backquoted(&mut self) {
        let text: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != '`')).collect();
        self.rest.next();
        self.push_text(&mark_shell(&format!("`{text}`")));
    }

    /// Text up to the closing bracket, with both brackets.
    fn nested(&mut self, open: char, close: char) -> String {
        let mut text = String::new();
        let mut depth = 0usize;
        for c in self.rest.by_ref() {
            text.push(c);
            depth += usize::from(c == open);
            if c == close {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
        }
        text
    }

    /// `$'…'`, used by browsers for strings with quotes or control characters.
    fn ansi(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next().filter(|c| *c != '\'') {
            let c = match c {
                '\\' => match self.rest.next() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('a') => '\u{7}',
                    Some('b') => '\u{8}',
                    Some('e' | 'E') => '\u{1b}',
                    Some('f') => '\u{c}',
                    Some('v') => '\u{b}',
                    Some('u') => self.hex(4),
                    Some('U') => self.hex(8),
                    Some('x') => self.hex(2),
                    Some(c) => c,
                    None => return,
                },
                c => c,
            };
            self.push(c);
        }
    }

    fn hex(&mut self, most: usize) -> char {
        let mut value = 0u32;
        for _ in 0..most {
            let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit).and_then(|c| c.to_digit(16)) else { break };
            value = value.saturating_mul(16).saturating_add(digit);
        }
        char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        for (text, wanted) in [
            ("a  b\tc", vec![vec!["a", "b", "c"]]),
            (r#"a 'b c' "d e""#, vec![vec!["a", "b c", "d e"]]),
            (r#"a"b"'c'd"#, vec![vec!["abcd"]]),
            (r#"'' "" "#, vec![vec!["", ""]]),
            (r#""a\"b\\c\d\$""#, vec![vec![r#"a"b\c\d$"#]]),
            (r"a\ b \'", vec![vec!["a b", "'"]]),
            ("a \\\n  b \\\r\n c", vec![vec!["a", "b", "c"]]),
            (r"$'it\'s\n\u00e9\x41\\'", vec![vec!["it's\né\u{41}\\"]]),
            ("a; b\nc && d | e &", vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]]),
            ("a http://h/?x=1&y=2", vec![vec!["a", "http://h/?x=1&y=2"]]),
            ("# all of it\na # b", vec![vec!["a"]]),
            ("'never closed", vec![vec!["never closed"]]),
            ("", vec![]),
            ("\\", vec![]),
        ] {
            let words: Vec<Vec<String>> = commands(text).into_iter().map(|line| line.words).collect();
            assert_eq!(words, wanted, "{text}");
        }
    }

    #[test]
    fn redirections_are_not_arguments() {
        let text = |text: &str| Some(Input::Text(text.to_owned()));
        for (line, words, input) in [
            ("a > b 2>&1 c 2>/dev/null", vec!["a", "c"], None),
            ("a &> b; ", vec!["a"], None),
            ("a 'b>c' \\> >>d", vec!["a", "b>c", ">"], None),
            ("a < 'b c' d", vec!["a", "d"], Some(Input::File("b c".to_owned()))),
            ("a <<< 'x y'", vec!["a"], text("x y\n")),
            ("a <<'END' b\n{\n  \"c\": 'd'\nEND\n", vec!["a", "b"], text("{\n  \"c\": 'd'\n")),
            ("a <<-X\n\tb\n\tX\n", vec!["a"], text("b\n")),
            ("a << X\nb", vec!["a"], text("b\n")),
            ("a <", vec!["a"], None),
        ] {
            let lines = commands(line);
            assert_eq!(
                (&lines[0].words.iter().map(String::as_str).collect::<Vec<_>>(), &lines[0].input),
                (&words, &input),
                "{line}"
            );
            assert_eq!(lines.len(), 1, "{line}: {lines:?}");
        }
    }
}
