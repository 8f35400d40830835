//! The context in which expressions are evaluated: names from the current [`Scope`], and its random generator. There is
//! one context per process; the scope is swapped into a thread-local for each evaluation.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use minijinja::value::Object;
use minijinja::{Expression, Value};

use super::bounded::RenderError;
use super::error_text;
use super::scope::Scope;
use super::sequences::Sequence;

static CONTEXT: LazyLock<Value> = LazyLock::new(|| Value::from_object(VariablesObject));
static USER: LazyLock<Value> = LazyLock::new(|| Value::from_object(UserObject));

thread_local! {
    static CURRENT: RefCell<Scope> = RefCell::new(Scope::new(0, 0, Arc::new(Value::UNDEFINED)));
}

/// Swaps the scope in for an evaluation, and back on drop, even during unwinding.
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

/// Runs `draw` with the generator of the current scope.
pub(super) fn with_rng<T>(draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
    CURRENT.with_borrow_mut(|scope| draw(&mut scope.rng))
}

/// The next number of a sequence of the run.
pub(super) fn next_of(sequence: &Sequence) -> Result<i64, RenderError> {
    CURRENT.with_borrow(|scope| scope.next_of(sequence))
}

/// Evaluates an expression against the scope.
pub(super) fn evaluate(expression: &Expression<'static, 'static>, scope: &mut Scope) -> Result<Value, RenderError> {
    let swapped = Swapped::new(scope);
    let value = expression.eval(CONTEXT.clone());
    drop(swapped);
    match value {
        Ok(value) if value.is_undefined() => Err(RenderError("the value is undefined".to_owned())),
        Ok(value) => Ok(value),
        Err(error) => Err(RenderError(error_text::of(&error))),
    }
}

#[derive(Debug)]
struct VariablesObject;

impl Object for VariablesObject {
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
struct UserObject;

impl Object for UserObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "id").then(|| CURRENT.with_borrow(|scope| Value::from(scope.user_id)))
    }
}
