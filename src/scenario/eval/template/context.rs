//! What an expression sees while it is evaluated: names from the current [`Scope`], functions that draw from its
//! generator. One environment and one context serve the whole process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use minijinja::value::Object;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior, Value};

use super::{RenderError, Scope, functions, wording};

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

/// The process's environment as it is now. Each scenario reads it when it is loaded: reading it for every request would
/// take a lock.
pub(crate) fn process() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

static CONTEXT: LazyLock<Value> = LazyLock::new(|| Value::from_object(Names));
static USER: LazyLock<Value> = LazyLock::new(|| Value::from_object(User));

thread_local! {
    static CURRENT: RefCell<Scope> = RefCell::new(Scope::new(0, 0, Arc::new(Value::UNDEFINED)));
}

/// Puts the scope in place for one evaluation and takes it back, also when the evaluation unwinds.
struct Swapped<'a>(&'a mut Scope);

impl<'a> Swapped<'a> {
    fn new(scope: &'a mut Scope) -> Self {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, scope));
        Self(scope)
    }
}

impl Drop for Swapped<'_> {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self.0));
    }
}

/// Filters that templates have; for advice, and for the page of the language.
pub(crate) const FILTERS: [&str; 41] = [
    "abs",
    "attr",
    "b64decode",
    "b64encode",
    "b64url",
    "batch",
    "bool",
    "capitalize",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "hmac_sha256",
    "indent",
    "int",
    "items",
    "join",
    "jsonpath",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "replace",
    "reverse",
    "round",
    "select",
    "sha256",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "upper",
];

/// Tests that stand after `is`; for advice, and for the page of the language.
pub(super) const TESTS: [&str; 20] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "even",
    "false",
    "float",
    "in",
    "integer",
    "iterable",
    "lower",
    "mapping",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "undefined",
];

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

/// Draws from the generator of the scope whose expression is being evaluated.
pub(super) fn with_rng<T>(draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
    CURRENT.with_borrow_mut(|scope| draw(&mut scope.rng))
}

pub(super) fn evaluate(expression: &Expression<'static, 'static>, scope: &mut Scope) -> Result<Value, RenderError> {
    let swapped = Swapped::new(scope);
    let value = expression.eval(CONTEXT.clone());
    drop(swapped);
    match value {
        Ok(value) if value.is_undefined() => Err(RenderError("the value is undefined".to_owned())),
        Ok(value) => Ok(value),
        Err(error) => Err(RenderError(wording::told(&error))),
    }
}

#[derive(Debug)]
struct Names;

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "env" => Some(CURRENT.with_borrow(|scope| scope.table().environment().clone())),
            "user" => Some(USER.clone()),
            "iteration" => Some(CURRENT.with_borrow(|scope| Value::from(scope.iteration))),
            "vars" => Some(CURRENT.with_borrow(|scope| Value::clone(&scope.vars))),
            _ => CURRENT.with_borrow(|scope| scope.by_name(key)),
        }
    }
}

#[derive(Debug)]
struct User;

impl Object for User {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "id").then(|| CURRENT.with_borrow(|scope| Value::from(scope.user_id)))
    }
}
