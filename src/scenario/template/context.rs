//! What an expression sees while it is evaluated: names from the current [`Scope`], functions that draw from its
//! generator. One environment and one context serve the whole process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior, Value};

use super::{RenderError, Scope};

/// Names that are not variables of the scenario.
pub(super) const RESERVED: [&str; 4] = ["vars", "env", "user", "iteration"];
/// Functions whose value differs from call to call.
pub(super) const RANDOM: [&str; 3] = ["random_int", "uuid", "choice"];
/// Functions that always give the same.
pub(super) const PURE: [&str; 2] = ["range", "dict"];

pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.add_function("random_int", random_int);
    env.add_function("uuid", uuid);
    env.add_function("choice", choice);
    env
});

/// The process's environment, read once: reading it for every request would take a lock.
pub(super) static PROCESS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
});

static ENV: LazyLock<Value> = LazyLock::new(|| PROCESS.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect());
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

pub(super) fn evaluate(expression: &Expression<'static, 'static>, scope: &mut Scope) -> Result<Value, RenderError> {
    let swapped = Swapped::new(scope);
    let value = expression.eval(CONTEXT.clone());
    drop(swapped);
    match value {
        Ok(value) if value.is_undefined() => Err(RenderError("the value is undefined".to_owned())),
        Ok(value) => Ok(value),
        Err(error) => {
            let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            Err(RenderError(crate::clean::line(&detail).into_owned()))
        }
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
            "env" => Some(ENV.clone()),
            "user" => Some(USER.clone()),
            "iteration" => Some(CURRENT.with_borrow(|scope| Value::from(scope.iteration))),
            "vars" => Some(CURRENT.with_borrow(|scope| Value::clone(&scope.vars))),
            _ => CURRENT.with_borrow(|scope| scope.vars.get_attr(key).ok()).filter(|value| !value.is_undefined()),
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

fn random_int(low: i64, high: i64) -> Result<i64, Error> {
    if low > high {
        let detail = format!("random_int({low}, {high}): the first number must not be above the second");
        return Err(Error::new(ErrorKind::InvalidOperation, detail));
    }
    Ok(CURRENT.with_borrow_mut(|scope| scope.rng.i64(low..=high)))
}

/// A version 4 UUID in its usual form.
fn uuid() -> String {
    let random = CURRENT.with_borrow_mut(|scope| scope.rng.u128(..));
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn choice(list: &Value) -> Result<Value, Error> {
    let wrong = |what: &str| Error::new(ErrorKind::InvalidOperation, format!("choice(list): {what}"));
    let length = list.len().ok_or_else(|| wrong("it takes a list"))?;
    if length == 0 {
        return Err(wrong("the list is empty"));
    }
    let index = CURRENT.with_borrow_mut(|scope| scope.rng.usize(..length));
    list.get_item_by_index(index).map_err(|_| wrong("it takes a list"))
}
