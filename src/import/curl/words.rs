//! A shell's words: quotes, escapes and continued lines, as a POSIX shell or bash reads them. Nothing is run or expanded.

/// The words of each command in the text.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let mut reader = Reader { rest: text.chars().peekable(), commands: vec![Vec::new()], word: None };
    reader.read();
    reader.commands.retain(|command| !command.is_empty());
    reader.commands
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    commands: Vec<Vec<String>>,
    /// `None` between two words: an empty word in quotes is a word.
    word: Option<String>,
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
                '\\' => match self.rest.next() {
                    Some('\r') if self.rest.peek() == Some(&'\n') => drop(self.rest.next()),
                    Some('\n') | None => {}
                    Some(c) => self.push(c),
                },
                '\n' | ';' | '|' => self.end_command(),
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
        if let (Some(word), Some(command)) = (self.word.take(), self.commands.last_mut()) {
            command.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.commands.push(Vec::new());
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
                c => self.push(c),
            }
        }
    }

    /// `$'…'`, which browsers write for texts with quotes or control characters.
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
    fn words_as_a_shell_reads_them() {
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
            assert_eq!(commands(text), wanted, "{text}");
        }
    }
}
