//! The environment that compiles expressions: filters, tests and functions, and the limit of an evaluation.

use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use super::functions;
use super::lexer::{TokenKind, tokens};

/// Limit of an evaluation: about this many instructions, or 64 bytes of data for each. Enough for any real template,
/// and reached within a millisecond or two by one that would never end.
const FUEL: u64 = 50_000;

pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    functions::register(&mut env);
    env
});

/// A filter or test that does not exist. The library resolves them by name at run time, so each is tried on a value.
pub(super) fn unknown_word(code: &str) -> Option<(&'static str, String)> {
    let mut all = tokens(code);
    let mut is_member = false;
    while let Some(token) = all.next() {
        let is_test = token.text == "is" && !is_member;
        if is_test {
            all.next_if(|next| next.text == "not");
        }
        let name = all.peek().filter(|next| next.kind == TokenKind::Word).map_or("", |next| next.text);
        is_member = token.is(".");
        if name.is_empty() {
            continue;
        }
        if token.is("|") && fails(&format!("1|{name}"), ErrorKind::UnknownFilter) {
            return Some(("filter", name.to_owned()));
        }
        if is_test && fails(&format!("1 is {name}"), ErrorKind::UnknownTest) {
            return Some(("test", name.to_owned()));
        }
    }
    None
}

fn fails(code: &str, kind: ErrorKind) -> bool {
    let result = ENVIRONMENT.compile_expression(code).and_then(|expression| expression.eval(()));
    result.is_err_and(|error| error.kind() == kind)
}
