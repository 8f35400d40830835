//! Values that keep their type, and conditions.

use std::sync::Arc;

use minijinja::Value;

use super::bounded::RenderError;
use super::expression::{Expression, Form};
use super::materialize;
use super::parts::Text;
use super::scope::Scope;

/// A value of the scenario that may hold templates anywhere inside. A string that is wholly one `{{ … }}` keeps the
/// type of its value; other strings are text.
#[derive(Debug, Clone)]
pub enum Template {
    /// Nothing in it varies.
    Constant(Value),
    /// Text with templates in it.
    Text(Text),
    /// Wholly one `{{ … }}`.
    Expression(Expression),
    /// A list with something that varies in it.
    List(Vec<Template>),
    /// A map with something that varies in it.
    Map(Vec<(Arc<str>, Template)>),
}

/// Most items a loop goes over.
const MAX_ITEMS: usize = 1_000_000;

impl Template {
    /// The value.
    ///
    /// # Errors
    /// When an expression fails, such as a name without a value.
    pub fn value(&self, scope: &mut Scope) -> Result<Value, RenderError> {
        Ok(match self {
            Template::Constant(value) => value.clone(),
            Template::Text(text) => {
                let mut out = String::new();
                text.render(scope, &mut out)?;
                Value::from(out)
            }
            Template::Expression(expression) => expression.value(scope)?,
            Template::List(items) => {
                let items: Result<Vec<Value>, _> = items.iter().map(|item| item.value(scope)).collect();
                Value::from(items?)
            }
            Template::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    map.push((&**key, value.value(scope)?));
                }
                Value::from_pairs(map)
            }
        })
    }

    /// The value for later steps, with nothing in it left to compute.
    ///
    /// # Errors
    /// When an expression fails, or makes more than a value may hold.
    pub fn materialize(&self, scope: &mut Scope) -> Result<Value, RenderError> {
        let value = self.value(scope)?;
        match self {
            // What is there already was looked at when it came.
            Template::Constant(_) | Template::Expression(Expression(Form::Slot(..))) => Ok(value),
            _ => materialize::materialize(value),
        }
    }

    /// The number of items, where that is known before the run.
    pub(crate) fn known_length(&self) -> Option<usize> {
        match self {
            Template::Constant(value) => value.len(),
            Template::List(items) => Some(items.len()),
            Template::Map(entries) => Some(entries.len()),
            Template::Text(_) | Template::Expression(_) => None,
        }
    }

    /// The items of a list for a loop; the keys of a map.
    ///
    /// # Errors
    /// When the value has no items, or too many.
    pub fn items(&self, scope: &mut Scope) -> Result<Vec<Value>, RenderError> {
        let value = self.value(scope)?;
        // A text could be taken apart into letters, but nobody means that.
        let iterator = if value.as_str().is_some() { None } else { value.try_iter().ok() };
        let Some(iterator) = iterator else {
            return Err(RenderError(format!("for_each: the value is not a list but {}", value.kind())));
        };
        let items: Vec<Value> = iterator.take(MAX_ITEMS + 1).collect();
        if items.len() > MAX_ITEMS {
            return Err(RenderError(format!("for_each: more than {MAX_ITEMS} items")));
        }
        Ok(items)
    }
}

/// A bare expression that is true or false: `when`, `if`, `while`.
#[derive(Debug, Clone)]
pub struct Condition(pub(super) Expression);

impl Condition {
    /// Whether it holds: everything but false, 0, nothing and what is empty does.
    ///
    /// # Errors
    /// When the expression fails, such as a name without a value.
    pub fn holds(&self, scope: &mut Scope) -> Result<bool, RenderError> {
        self.0.value(scope).map(|value| value.is_true())
    }
}
