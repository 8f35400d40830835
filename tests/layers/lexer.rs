//! Splits Rust source into words and punctuation, without comments, strings and character literals.

/// The tokens of `text`: identifiers, `::`, and every other character separately.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| string(rest)).or_else(|| character(rest));
        let length = skipped.unwrap_or_else(|| {
            let length = token(rest, first);
            if !first.is_whitespace() {
                found.push(&rest[..length]);
            }
            length
        });
        rest = &rest[length..];
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn token(rest: &str, first: char) -> usize {
    match first {
        c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        ':' if rest.starts_with("::") => 2,
        c => c.len_utf8(),
    }
}

/// Length of the comment at the start of `rest`; block comments may be nested.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let mut depth = 0;
    let mut at = rest.starts_with("/*").then_some(0)?;
    loop {
        let left = &rest[at..];
        match left.get(..2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") if depth == 1 => return Some(at + 2),
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += left.chars().next()?.len_utf8(),
        }
    }
}

/// Length of the string at the start of `rest`, including its prefix: `"…"`, `b"…"`, `r#"…"#`.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|length| *length <= 2)?;
    let after = &rest[prefix..];
    if !rest[..prefix].contains('r') {
        let mut escaped = false;
        let end = after.strip_prefix('"')?.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return Some(end.map_or(rest.len(), |end| prefix + 1 + end + 1));
    }
    let hashes = after.find(|c| c != '#')?;
    let inside = after[hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let end = inside.find(&closing);
    Some(end.map_or(rest.len(), |end| prefix + hashes + 1 + end + closing.len()))
}

/// Length of the character literal at the start of `rest`, or of a lifetime, which looks similar.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut chars = inside.chars();
    match chars.next()? {
        '\\' => Some(1 + 2 + inside.get(2..)?.find('\'')? + 1),
        c if chars.next() == Some('\'') => Some(c.len_utf8() + 2),
        _ => Some(1 + inside.find(|c| !is_word(c)).unwrap_or(inside.len())),
    }
}

#[test]
fn only_code_is_left() {
    let text = r####"
        // use a::b;
        /* one /* two */ use c; */
        let s = "use \" d;" + r#"use "e";"# + b"use f;" + br"\";
        let c = ['"', '\'', '\u{7b}', b'x', 'é'];
        impl<'a> X<'a> for r { fn f() { br::g() } }
    "####;
    let code = tokens(text).join(" ");
    let expected = "let s = + + + ; let c = [ , , , b , ] ; impl < > X < > for r { fn f ( ) { br :: g ( ) } }";
    assert_eq!(code, expected);
}
