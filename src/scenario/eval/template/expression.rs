//! Compiled expressions, and their evaluation.

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::bounded::{MAX_TEXT, RenderError, too_long};
use super::draw::Draw;
use super::scope::{Scope, SlotId};
use super::{context, plain};

/// A compiled minijinja expression; common forms are evaluated without its virtual machine.
#[derive(Debug, Clone)]
pub struct Expression(pub(super) ExpressionForm);

#[derive(Debug, Clone)]
pub(super) enum ExpressionForm {
    /// `user.id`.
    UserId,
    /// `iteration`.
    Iteration,
    /// `random_int(low, high)`.
    RandomInt(i64, i64),
    /// A key drawn with constant arguments.
    Draw(Arc<Draw>),
    /// A variable, or a member of its value.
    Slot(SlotId, Option<Arc<str>>),
    /// A constant.
    Constant(Value),
    /// Any other expression.
    Compiled(Arc<minijinja::Expression<'static, 'static>>),
}

impl Expression {
    /// The value, with its type.
    pub(super) fn value(&self, scope: &mut Scope) -> Result<Value, RenderError> {
        Ok(match &self.0 {
            ExpressionForm::UserId => Value::from(scope.user_id),
            ExpressionForm::Iteration => Value::from(scope.iteration),
            ExpressionForm::RandomInt(low, high) => Value::from(scope.rng.i64(*low..=*high)),
            ExpressionForm::Draw(draw) => Value::from(draw.number(scope)?),
            ExpressionForm::Slot(slot, member) => return scope.read(*slot, member.as_deref()),
            ExpressionForm::Constant(value) => value.clone(),
            ExpressionForm::Compiled(compiled) => return context::evaluate(compiled, scope),
        })
    }

    /// Appends the value as a string.
    pub(super) fn append(&self, scope: &mut Scope, out: &mut String) -> Result<(), RenderError> {
        // Writing into a String cannot fail, but the value may be too long.
        let written = match &self.0 {
            ExpressionForm::UserId => write!(out, "{}", scope.user_id),
            ExpressionForm::Iteration => write!(out, "{}", scope.iteration),
            ExpressionForm::RandomInt(low, high) => write!(out, "{}", scope.rng.i64(*low..=*high)),
            ExpressionForm::Draw(draw) => write!(out, "{}", draw.number(scope)?),
            ExpressionForm::Slot(slot, None)
                if scope.get(*slot).as_str().is_some_and(|text| {
                    out.push_str(text);
                    true
                }) =>
            {
                Ok(())
            }
            ExpressionForm::Slot(..) | ExpressionForm::Constant(_) | ExpressionForm::Compiled(_) => {
                let value = self.value(scope)?;
                match value.as_str().filter(|_| value.kind() != ValueKind::Bytes) {
                    Some(text) => out.write_str(text),
                    None => return plain::append(&value, MAX_TEXT, out),
                }
            }
        };
        written.map_err(|_| too_long())
    }
}
