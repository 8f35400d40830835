//! Templates inside string values: compiled once, rendered for every request against the [`Scope`] of one user.
//!
//! In: a string with `{{ … }}`. Out: literal pieces and compiled expressions. Rendering takes no lock: the scope is
//! swapped into a thread-local for the evaluation, where the one static context reads it.

mod compile;
mod context;
mod definite_assignment;
mod digest;
mod environment;
mod error_text;
mod fake;
mod functions;
mod json;
mod lexer;
mod lints;
mod materialize;
mod names;
mod pieces;
mod plain;
mod scope;
mod template_error;
mod typed;
mod vocabulary;

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

pub(crate) use compile::{condition, constant, template, text};
pub use json::Json;
pub(crate) use json::{JsonBuilder, to_json};
pub(crate) use names::{Names, process};
pub(crate) use plain::shown;
pub use scope::{Scope, SlotId, SlotTable};
pub(crate) use template_error::TemplateError;
pub use typed::{Condition, Template};

/// A string value of the scenario.
#[derive(Debug, Clone)]
pub enum Text {
    /// No `{{` in it, or nothing in it that varies.
    Fixed(Arc<str>),
    /// Literal text and expressions in turn.
    Parts(Vec<Part>),
}

/// A piece of a templated [`Text`].
#[derive(Debug, Clone)]
pub enum Part {
    /// Copied as it is.
    Literal(Arc<str>),
    /// Evaluated.
    Expression(Expression),
}

/// A compiled minijinja expression; the commonest forms are read directly, which saves a virtual machine's start.
#[derive(Debug, Clone)]
pub struct Expression(Form);

#[derive(Debug, Clone)]
enum Form {
    UserId,
    Iteration,
    RandomInt(i64, i64),
    /// A name, and a member of its value.
    Slot(SlotId, Option<Arc<str>>),
    Constant(Value),
    Compiled(Arc<minijinja::Expression<'static, 'static>>),
}

/// A template that failed while rendering: shown among the exceptions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub String);

/// Most bytes that one value makes: values such as repeated lists are only written out here.
const MAX_TEXT: usize = 4 * 1024 * 1024;

fn too_long() -> RenderError {
    RenderError(format!("the value is longer than {} MB", MAX_TEXT / (1024 * 1024)))
}

/// Stops at [`MAX_TEXT`].
struct Bounded<'a, W> {
    left: usize,
    out: &'a mut W,
}

impl<W> Bounded<'_, W> {
    fn take(&mut self, length: usize) -> bool {
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl std::fmt::Write for Bounded<'_, String> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.take(text.len()) { self.out.write_str(text) } else { Err(std::fmt::Error) }
    }
}

impl std::io::Write for Bounded<'_, Vec<u8>> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.take(bytes.len()) {
            return Err(std::io::Error::other("too long"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Text {
    /// Appends the filled text to `out`.
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

    /// Whether its value can be a list: only where it is wholly one expression of other values than a number.
    pub fn may_be_list(&self) -> bool {
        let Text::Parts(parts) = self else { return false };
        matches!(parts.as_slice(), [Part::Expression(Expression(Form::Slot(..) | Form::Compiled(_)))])
    }

    /// Each text that it stands for: the items of a list that is its whole value, else itself. What is null is left out.
    ///
    /// # Errors
    /// When an expression fails, or makes more than any request should hold.
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

    /// Appends the filled text to `out`, or says that its whole value is null.
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

    /// The text, if it does not vary.
    pub fn fixed(&self) -> Option<&Arc<str>> {
        match self {
            Text::Fixed(text) => Some(text),
            Text::Parts(_) => None,
        }
    }
}

impl Expression {
    fn value(&self, scope: &mut Scope) -> Result<Value, RenderError> {
        Ok(match &self.0 {
            Form::UserId => Value::from(scope.user_id),
            Form::Iteration => Value::from(scope.iteration),
            Form::RandomInt(low, high) => Value::from(scope.rng.i64(*low..=*high)),
            Form::Slot(slot, member) => return scope.read(*slot, member.as_deref()),
            Form::Constant(value) => value.clone(),
            Form::Compiled(compiled) => return context::evaluate(compiled, scope),
        })
    }

    fn append(&self, scope: &mut Scope, out: &mut String) -> Result<(), RenderError> {
        // Writing into a String cannot fail; a value that is longer than any request should be can.
        let written = match &self.0 {
            Form::UserId => write!(out, "{}", scope.user_id),
            Form::Iteration => write!(out, "{}", scope.iteration),
            Form::RandomInt(low, high) => write!(out, "{}", scope.rng.i64(*low..=*high)),
            Form::Slot(slot, None)
                if scope.get(*slot).as_str().is_some_and(|text| {
                    out.push_str(text);
                    true
                }) =>
            {
                Ok(())
            }
            Form::Slot(..) | Form::Constant(_) | Form::Compiled(_) => {
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

#[cfg(test)]
mod tests;
