//! Splits a Windows command line: carets as in `cmd.exe`, then quotes and backslashes as in C programs. Chrome's "Copy
//! as cURL (cmd)" writes a caret before every quote.

use super::words::Line;

/// True if a text is written for `cmd.exe`: it has quotes with carets, or lines that end with one.
pub fn is_cmd(text: &str) -> bool {
    is_from_a_browser(text) || has_inner_carets(text) || text.lines().any(|line| line.trim_end().ends_with(" ^"))
}

/// True if the first quote has a caret, as written by Chrome, or if quotes are doubled, as written by old versions of
/// Firefox.
fn is_from_a_browser(text: &str) -> bool {
    let carets = ["curl ^\"", "curl.exe ^\""].iter().any(|start| text.contains(start));
    carets || (!text.contains('\'') && text.contains("\"{\"\""))
}

/// True if carets escape characters inside of quotes too, as written by Chrome 91 to 121: `"^{^\^"a^\^":1^}"`.
fn has_inner_carets(text: &str) -> bool {
    let escaped = |after: char| {
        text.match_indices('^').any(|(at, _)| text[at + 1..].starts_with(after) && !text[..at].ends_with('^'))
    };
    text.contains("curl \"")
        && !text.contains('\'')
        && (text.contains("^\\^\"") || "&{}[]<>|!@#$%".chars().any(escaped))
}

/// Commands in the text.
pub fn commands(text: &str) -> Vec<Line> {
    let inner = has_inner_carets(text) && !text.contains("curl ^\"");
    let doubled = is_from_a_browser(text) || inner;
    let all = lines(text, inner).into_iter().map(|line| Line { words: words(&line, doubled), ..Line::default() });
    all.filter(|line| !line.words.is_empty()).collect()
}

/// Command lines after the processing of `cmd.exe`, with carets inside of quotes if `inner`.
fn lines(text: &str, inner: bool) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    let mut rest = text.chars().filter(|c| *c != '\r');
    while let Some(c) = rest.next() {
        let mut push = |c: char| all.last_mut().into_iter().for_each(|line| line.push(c));
        match c {
            // A caret at the end of a line joins the next one, whether quoted or not; after that, the text is literal.
            '^' if !quoted || inner => match rest.next() {
                Some('\n') => rest.next().into_iter().for_each(push),
                other => other.into_iter().for_each(push),
            },
            '"' => {
                quoted = !quoted;
                push(c);
            }
            '\n' => {
                quoted = false;
                all.push(String::new());
            }
            '&' | '|' if !quoted => all.push(String::new()),
            c => push(c),
        }
    }
    all
}

/// Splits a command line. Browsers double every backslash, although programs treat two as one only before a quote:
/// `doubled` reverses this.
fn words(line: &str, doubled: bool) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let mut count = 1usize;
                while rest.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let out = word.get_or_insert_default();
                if doubled || rest.peek() == Some(&'"') {
                    out.extend(std::iter::repeat_n('\\', count / 2));
                    if count % 2 == 1 {
                        out.push(rest.next_if_eq(&'"').unwrap_or('\\'));
                    }
                } else {
                    out.extend(std::iter::repeat_n('\\', count));
                }
            }
            '"' if quoted && rest.peek() == Some(&'"') => word.get_or_insert_default().extend(rest.next()),
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\n' if !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_on_windows() {
        for (text, wanted) in [
            (
                "curl ^\"http://h/?a=1^&b=%^41^\" ^\r\n  -H ^\"a: b^\" ^\r\n  --data-raw ^\"^{^\\^\"n^\\^\":^\\^\"x^\\^\\^\\^\\y^\\^\"^}^\"",
                vec![vec!["curl", "http://h/?a=1&b=%41", "-H", "a: b", "--data-raw", r#"{"n":"x\\y"}"#]],
            ),
            ("curl ^\"a^\n\nb^\"", vec![vec!["curl", "a\nb"]]),
            (
                "curl \"http://h/?a=1&b=^\" ^\n -H \"a: \"\"b\"\"\"",
                vec![vec!["curl", "http://h/?a=1&b=^", "-H", "a: \"b\""]],
            ),
            ("curl \"h\" -d \"{\"\"a\"\":\"\"x\\\\n\"\"}\"", vec![vec!["curl", "h", "-d", r#"{"a":"x\n"}"#]]),
            ("curl a &\ncurl 'b' ^", vec![vec!["curl", "a"], vec!["curl", "'b'"]]),
            ("curl \"\" c:\\x", vec![vec!["curl", "", "c:\\x"]]),
            ("^", vec![]),
        ] {
            let words: Vec<Vec<String>> = commands(text).into_iter().map(|line| line.words).collect();
            assert_eq!(words, wanted, "{text}");
        }
        assert!(is_cmd("curl ^\"h^\"") && is_cmd("curl \"h\" ^\n -L") && !is_cmd("curl 'a^\"b' \\\n -L"));
    }
}
