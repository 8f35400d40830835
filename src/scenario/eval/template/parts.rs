//! A string of the scenario: constant, or rendered for each request.

use std::sync::Arc;

use minijinja::value::ValueKind;

use super::bounded::{MAX_TEXT, RenderError, too_long};
use super::expression::{Expression, ExpressionForm};
use super::plain;
use super::scope::Scope;

/// A string of the scenario.
#[derive(Debug, Clone)]
pub enum Text {
    /// Constant.
    Fixed(Arc<str>),
    /// Literals and expressions.
    Parts(Vec<Part>),
}

/// A piece of a templated [`Text`].
#[derive(Debug, Clone)]
pub enum Part {
    /// Copied.
    Literal(Arc<str>),
    /// Evaluated.
    Expression(Expression),
}

impl Text {
    /// Appends the rendered string to `out`.
    ///
    /// # Errors
    /// When an expression fails, such as an undefined variable.
    pub fn render(&self, scope: &mut Scope, out: &mut String) -> Result<(), RenderError> {
        match self {
            Text::Fixed(text) => out.push_str(text),
            Text::Parts(parts) => {
                let start = out.len();
                for part in parts {
                    if out.len() - start > 2 * MAX_TEXT {
                        return Err(too_long());
                    }
                    match part {
                        Part::Literal(text) => out.push_str(text),
                        Part::Expression(expression) => expression.append(scope, out)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the value can be a list: only if it is a single expression that is not a number.
    pub fn may_be_list(&self) -> bool {
        let Text::Parts(parts) = self else { return false };
        matches!(
            parts.as_slice(),
            [Part::Expression(Expression(ExpressionForm::Slot(..) | ExpressionForm::Compiled(_)))]
        )
    }

    /// Calls `take` with each string: the items of a list, if the value is one, else the value. Skips null.
    ///
    /// # Errors
    /// When an expression fails, or the result is too long.
    pub fn each(&self, scope: &mut Scope, mut take: impl FnMut(&str)) -> Result<(), RenderError> {
        let mut out = String::new();
        let whole = match self {
            Text::Parts(parts) => match parts.as_slice() {
                [Part::Expression(expression)] => Some(expression.value(scope)?),
                _ => None,
            },
            Text::Fixed(_) => None,
        };
        let Some(value) = whole else {
            self.render(scope, &mut out)?;
            take(&out);
            return Ok(());
        };
        let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
        let items = value.try_iter().ok().filter(|_| is_list);
        let mut left = MAX_TEXT;
        for item in items.into_iter().flatten().chain((!is_list).then_some(value)) {
            if item.is_none() {
                continue;
            }
            out.clear();
            plain::append(&item, left, &mut out)?;
            left = left.saturating_sub(out.len() + 1);
            take(&out);
        }
        Ok(())
    }

    /// Appends the rendered string to `out`; returns false if the value is null.
    ///
    /// # Errors
    /// When an expression fails, such as an undefined variable.
    pub fn render_some(&self, scope: &mut Scope, out: &mut String) -> Result<bool, RenderError> {
        if self.may_be_list()
            && let Text::Parts(parts) = self
            && let [Part::Expression(expression)] = parts.as_slice()
        {
            let value = expression.value(scope)?;
            if value.is_none() {
                return Ok(false);
            }
            return plain::append(&value, MAX_TEXT, out).map(|()| true);
        }
        self.render(scope, out).map(|()| true)
    }

    /// The string, if it is constant.
    pub fn fixed(&self) -> Option<&Arc<str>> {
        match self {
            Text::Fixed(text) => Some(text),
            Text::Parts(_) => None,
        }
    }
}
