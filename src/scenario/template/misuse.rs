//! Names of the language that stand alone in an expression: a function without its brackets, `env` without a name.
//!
//! The template library would write out its own idea of them, and `env` alone every environment variable.

use super::names::Names;
use super::slip::Slip;
use crate::scenario::words;

/// What is wrong with the use of such a name in `code`, if anything is.
pub(super) fn find(code: &str, names: &Names) -> Option<Slip> {
    words(code).into_iter().find_map(|(word, before, after)| {
        let own = names.slots.id(word).is_some() || names.is_var(word);
        // A member, a filter or a test of that name, or an argument called so.
        if own || matches!(before, '.' | '|') || (after.starts_with('=') && !after.starts_with("==")) {
            return None;
        }
        let member = after.strip_prefix('.').map(str::trim_start);
        match word {
            "env" if member.is_none() && !after.starts_with('[') => Some(alone("env", "env.NAME")),
            "user" if member.is_none() && !after.starts_with('[') => Some(alone("user", "user.id")),
            "fake" => match member {
                None => Some(alone("fake", "fake.name()")),
                Some(rest) => {
                    let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
                    let (kind, rest) = rest.split_at(end);
                    let called = format!("fake.{kind}");
                    (!rest.trim_start().starts_with('(')).then(|| function(&called))
                }
            },
            _ if words::is_function(word) => (!after.starts_with('(')).then(|| function(word)),
            _ => None,
        }
    })
}

fn function(word: &str) -> Slip {
    Slip::new(word, format!("`{word}` is a function")).note(format!("write {word}()"))
}

fn alone(word: &str, instead: &str) -> Slip {
    Slip::new(word, format!("`{word}` is no value by itself")).note(format!("write {instead}"))
}

fn part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Each word outside of quotes, the last character before it that is no space, and what follows it.
fn words(code: &str) -> Vec<(&str, char, &str)> {
    let (mut out, mut before, mut quote) = (Vec::new(), ' ', None);
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match quote {
            Some(_) if c == '\\' => length += rest[length..].chars().next().map_or(0, char::len_utf8),
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if part(c) => {
                length = rest.find(|c| !part(c)).unwrap_or(rest.len());
                out.push((&rest[..length], before, rest[length..].trim_start()));
            }
            None => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use minijinja::Value;

    use super::*;

    #[test]
    fn functions_are_called_and_groups_are_named() {
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
            // A variable of that name goes first.
            ("now", None),
        ] {
            let notes = find(code, &names).map(|slip| slip.notes.join(" "));
            assert_eq!(notes.as_deref(), advice, "{code}");
        }
    }
}
