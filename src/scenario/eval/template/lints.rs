//! Checks for names of the language used without their operands: a function without parentheses, `env` without a name.
//!
//! The template library would render them as objects, and `env` alone as all environment variables.

use super::error_text::instead_of_method;
use super::lexer::{TokenKind, is_word, tokens};
use super::names::Names;
use super::template_error::TemplateError;
use super::vocabulary::FILTERS;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::words;

/// The first such mistake in `code`, if any.
pub(super) fn find(code: &str, names: &Names) -> Option<TemplateError> {
    let all = words(code);
    all.iter().enumerate().find_map(|(i, &(word, before, after))| {
        if before == '.' && after.starts_with('(') {
            let owner = i.checked_sub(1).map(|i| all[i]).filter(|(_, _, rest)| {
                rest.strip_prefix('.').is_some_and(|rest| std::ptr::eq(rest.trim_start().as_ptr(), word.as_ptr()))
            });
            let faked = owner.is_some_and(|(owner, before, _)| owner == "fake" && before != '.');
            return (!faked).then(|| hinted(code, names).unwrap_or_else(|| method(word)));
        }
        let own = names.slots.id(word).is_some() || names.is_var(word);
        // A member, filter, test or keyword argument with that name.
        if own || matches!(before, '.' | '|') || (after.starts_with('=') && !after.starts_with("==")) {
            return None;
        }
        let member = after.strip_prefix('.').map(str::trim_start);
        match word {
            "env" if member.is_none() && !after.starts_with('[') => {
                Some(hinted(&format!("env{after}"), names).unwrap_or_else(|| alone("env", "env.NAME")))
            }
            "user" if member.is_none() && !after.starts_with('[') => Some(alone("user", "user.id")),
            "fake" => match member {
                None => Some(alone("fake", "fake.name()")),
                Some(rest) => {
                    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    let (kind, rest) = rest.split_at(end);
                    let called = format!("fake.{kind}");
                    (!rest.trim_start().starts_with('(')).then(|| function(&called))
                }
            },
            _ if words::is_function(word) && !is_test(&all[..i]) => (!after.starts_with('(')).then(|| function(word)),
            "len" if after.starts_with('(') => Some(filter(word, "length")),
            _ if FILTERS.contains(&word) && after.starts_with('(') && !is_test(&all[..i]) => Some(filter(word, word)),
            _ => None,
        }
    })
}

/// Words that are not names.
const KEYWORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "loop"];

/// The names in an expression that contains a slice, with their members: `a`, `row.name`.
pub(super) fn sliced(code: &str) -> Vec<String> {
    if !has_slice(code) {
        return Vec::new();
    }
    let all = words(code);
    let mut names = Vec::new();
    for (i, &(word, before, after)) in all.iter().enumerate() {
        let is_argument = after.starts_with('=') && !after.starts_with("==");
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        if matches!(before, '.' | '|') || is_argument || is_number || KEYWORDS.contains(&word) || is_test(&all[..i]) {
            continue;
        }
        let (mut name, mut rest) = (word.to_owned(), after);
        while let Some(member) = rest.strip_prefix('.').map(str::trim_start) {
            let end = member.find(|c| !is_word(c)).unwrap_or(member.len());
            name.push('.');
            name.push_str(&member[..end]);
            rest = member[end..].trim_start();
        }
        names.push(name);
    }
    names
}

/// Whether the preceding words make this one the name of a test: `is`, `is not`.
fn is_test(before: &[(&str, char, &str)]) -> bool {
    match before {
        [.., (last, ..)] if *last == "is" => true,
        [.., (first, ..), (last, ..)] => *first == "is" && *last == "not",
        _ => false,
    }
}

/// Whether there is a colon directly inside square brackets.
fn has_slice(code: &str) -> bool {
    let mut open = Vec::new();
    tokens(code).filter(|token| token.kind == TokenKind::Sign).any(|token| {
        match token.text {
            "[" | "(" | "{" => open.push(token.text),
            "]" | ")" | "}" => drop(open.pop()),
            _ => {}
        }
        token.text == ":" && open.last() == Some(&"[")
    })
}

/// The error of an expression that begins with a name of another tool, such as `random.randint(1, 5)`.
fn hinted(code: &str, names: &Names) -> Option<TemplateError> {
    let root = tokens(code).next().filter(|token| token.kind == TokenKind::Word)?.text;
    let own = names.slots.id(root).is_some() || names.is_var(root);
    let note = hints::name(code).filter(|_| !own)?;
    Some(TemplateError::new(root, format!("`{root}` is not defined")).note(note))
}

fn method(word: &str) -> TemplateError {
    TemplateError::new(word, format!("method calls are not supported: {word}()")).note(instead_of_method(word))
}

fn filter(word: &str, name: &str) -> TemplateError {
    TemplateError::new(word, format!("`{word}` is not a function")).note(format!("write value | {name}"))
}

fn function(word: &str) -> TemplateError {
    TemplateError::new(word, format!("`{word}` is a function")).note(format!("write {word}()"))
}

fn alone(word: &str, instead: &str) -> TemplateError {
    TemplateError::new(word, format!("`{word}` is not a value by itself")).note(format!("write {instead}"))
}

/// Each word, with the last non-space character before it and the text after it.
fn words(code: &str) -> Vec<(&str, char, &str)> {
    let mut before = ' ';
    let mut out = Vec::new();
    for token in tokens(code) {
        if token.kind == TokenKind::Word {
            out.push((token.text, before, code[token.range().end..].trim_start()));
        }
        before = token.text.chars().next_back().unwrap_or(before);
    }
    out
}

#[cfg(test)]
mod tests {
    use minijinja::Value;

    use super::*;

    #[test]
    fn misused_names_are_reported() {
        let names = Names::new(Value::from_pairs([("now", 1)]));
        for (code, advice) in [
            ("uuid", Some("write uuid()")),
            ("uuid ~ 'x'", Some("write uuid()")),
            ("[range, 1]", Some("write range()")),
            ("fake.name", Some("write fake.name()")),
            ("fake", Some("write fake.name()")),
            ("env", Some("write env.NAME")),
            ("env | tojson", Some("write env.NAME")),
            ("user", Some("write user.id")),
            ("uuid ()", None),
            ("fake . name ()", None),
            ("env['A'] ~ env.B", None),
            ("'uuid' ~ \"it's \\\" env\"", None),
            ("a.uuid", None),
            ("1 | choice", None),
            ("dict(uuid=1)", None),
            ("a.upper()", Some("write value | upper")),
            ("'a'.split(',')", Some("write value | split(\",\")")),
            ("(a ~ 'b') . strip ()", Some("write value | trim")),
            ("fake.name().upper()", Some("write value | upper")),
            ("a.fake.name()", Some("use a filter instead: write value | upper")),
            ("len(a)", Some("write value | length")),
            ("upper(a)", Some("write value | upper")),
            ("a is string", None),
            ("a is not sequence", None),
            ("sequence", Some("write sequence()")),
            ("a | replace('x', 'y')", None),
            // A variable with that name takes precedence.
            ("now", None),
        ] {
            let notes = find(code, &names).map(|error| error.notes.join(" "));
            assert_eq!(notes.as_deref(), advice, "{code}");
        }
    }

    #[test]
    fn names_in_slices_are_found() {
        for (code, wanted) in [
            ("a[:1]", "a"),
            ("d.a[1:] | default(x)", "d.a x"),
            ("(a ~ '[b:]')[:n]", "a n"),
            ("a[:2] if b is not defined else c.d[0]", "a b c.d"),
            ("fake.name()[:3]", "fake.name"),
            ("dict(k=v)['k'][:1]", "dict v"),
            ("[{'a': b}]", ""),
            ("a[0]", ""),
        ] {
            assert_eq!(sliced(code).join(" "), wanted, "{code}");
        }
    }
}
