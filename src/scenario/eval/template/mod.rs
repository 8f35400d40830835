//! Templates in strings: compiled once, rendered for each request with the [`Scope`] of one user.
//!
//! In: a string with `{{ … }}`. Out: literals and compiled expressions. Rendering takes no lock: the scope is swapped
//! into a thread-local, where the static context reads it.

mod bounded;
mod compile;
mod context;
mod definite_assignment;
mod digest;
mod draw;
mod environment;
mod error_text;
mod expression;
mod fake;
mod functions;
mod json;
mod lexer;
mod lints;
mod materialize;
mod names;
mod parts;
mod pieces;
mod plain;
mod scope;
mod sequences;
mod template_error;
mod typed;
mod vocabulary;

pub use bounded::RenderError;
pub(crate) use compile::{condition, constant, template, text};
pub use expression::Expression;
pub use json::Json;
pub(crate) use json::{JsonBuilder, to_json};
pub(crate) use names::{Names, process};
pub use parts::{Part, Text};
pub(crate) use pieces::words;
pub(crate) use plain::shown;
pub use scope::{Scope, SlotId, SlotTable};
pub use sequences::Sequences;
pub(crate) use template_error::TemplateError;
pub use typed::{Condition, Template};

#[cfg(test)]
mod tests;
