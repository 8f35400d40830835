//! Templates that keep the type of their value, and conditions.

use std::sync::Arc;

use minijinja::Value;

use super::bounded::RenderError;
use super::expression::{Expression, ExpressionForm};
use super::materialize;
use super::parts::Text;
use super::scope::Scope;

/// A value of the scenario that may contain templates. A string that is a single `{{ … }}` keeps the type of its value;
/// other strings are rendered to strings.
#[derive(Debug, Clone)]
pub enum Template {
    /// A constant.
    Constant(Value),
    /// A string with templates.
    Text(Text),
    /// A single `{{ … }}`.
    Expression(Expression),
    /// A list that contains templates.
    List(Vec<Template>),
    /// A map that contains templates.
    Map(Vec<(Arc<str>, Template)>),
}

/// Maximum iterations of a loop over a list.
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

    /// The value for later steps, computed in full.
    ///
    /// # Errors
    /// When an expression fails, or the value is too large.
    pub fn materialize(&self, scope: &mut Scope) -> Result<Value, RenderError> {
        let value = self.value(scope)?;
        match self {
            // Values of variables were already materialized.
            Template::Constant(_) | Template::Expression(Expression(ExpressionForm::Slot(..))) => Ok(value),
            _ => materialize::materialize(value),
        }
    }

    /// The number of items, if it is constant.
    pub(crate) fn known_length(&self) -> Option<usize> {
        match self {
            Template::Constant(value) => value.len(),
            Template::List(items) => Some(items.len()),
            Template::Map(entries) => Some(entries.len()),
            Template::Text(_) | Template::Expression(_) => None,
        }
    }

    /// The items of a list, or the keys of a map, for a loop.
    ///
    /// # Errors
    /// When the value has no items, or too many.
    pub fn items(&self, scope: &mut Scope) -> Result<Vec<Value>, RenderError> {
        let value = self.value(scope)?;
        // A string could be iterated over by character, but that is never intended.
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
    /// Whether it is true: everything except false, 0, none, and empty strings, lists and maps is.
    ///
    /// # Errors
    /// When the expression fails, such as a name without a value.
    pub fn is_true(&self, scope: &mut Scope) -> Result<bool, RenderError> {
        self.0.value(scope).map(|value| value.is_true())
    }
}
