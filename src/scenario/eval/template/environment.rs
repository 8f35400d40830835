//! The one environment that compiles expressions: filters, tests and functions, and what an evaluation may cost.

use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use super::functions;

/// What one evaluation may cost: about so many instructions, or 64 bytes of data for each. Enough for every template
/// that a request needs, and a millisecond or two for one that would otherwise never end.
const FUEL: u64 = 50_000;

pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    functions::register(&mut env);
    env
});

/// A filter or a test of the expression that does not exist. An expression names them by text, so each is tried on a
/// value: what matters is only whether it is known.
pub(super) fn unknown_word(code: &str) -> Option<(&'static str, String)> {
    let mut rest = code;
    let (mut quote, mut before) = (None, ' ');
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match (quote, c) {
            (Some(_), '\\') => {
                rest = after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or("");
                continue;
            }
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '|') => {
                let name = word(after);
                if !name.is_empty() && fails(&format!("1|{name}"), ErrorKind::UnknownFilter) {
                    return Some(("filter", name.to_owned()));
                }
            }
            (None, 'i') if !before.is_alphanumeric() && before != '_' && before != '.' && word(rest) == "is" => {
                let after = rest[2..].trim_start();
                let name = after.strip_prefix("not ").map_or_else(|| word(after), word);
                if !name.is_empty() && fails(&format!("1 is {name}"), ErrorKind::UnknownTest) {
                    return Some(("test", name.to_owned()));
                }
            }
            (None, _) => {}
        }
        before = c;
        rest = after;
    }
    None
}

fn word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn fails(code: &str, kind: ErrorKind) -> bool {
    let result = ENVIRONMENT.compile_expression(code).and_then(|expression| expression.eval(()));
    result.is_err_and(|error| error.kind() == kind)
}
