//! Templates inside string values: compiled once, rendered for every request against the [`Scope`] of one user.

use std::sync::Arc;

/// A string value of the scenario.
#[derive(Debug)]
pub enum Text {
    /// No `{{` in it.
    Fixed(Arc<str>),
    /// Literal text and expressions in turn.
    Parts(Vec<Part>),
}

/// A piece of a templated [`Text`].
#[derive(Debug)]
pub enum Part {
    /// Copied as it is.
    Literal(Arc<str>),
    /// Evaluated.
    Expression(Expression),
}

/// A compiled minijinja expression.
#[derive(Debug)]
pub struct Expression {}

/// A JSON body with templates in its strings. A string that is wholly one `{{ … }}` keeps the type of its value.
#[derive(Debug)]
pub enum Json {}

/// What the templates of one user can see, and the user's own random generator.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Seeded from `--seed` and the user's number, so that a run can be repeated.
    pub rng: fastrand::Rng,
    /// `user.id`: from 1, unique among the users alive.
    pub user_id: u64,
    /// `iteration`: tasks this user has begun before this one.
    pub iteration: u64,
    /// `vars`.
    pub vars: Arc<minijinja::Value>,
}

impl Scope {
    /// The scope of one user, before its first iteration.
    pub fn new(seed: u64, user_id: u64, vars: Arc<minijinja::Value>) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed ^ user_id), user_id, iteration: 0, vars }
    }
}

/// A template that failed while rendering: shown among the exceptions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub String);

impl Text {
    /// Appends the filled text to `out`.
    ///
    /// # Errors
    /// When an expression fails, such as an undefined variable.
    pub fn render(&self, _scope: &mut Scope, _out: &mut String) -> Result<(), RenderError> {
        Ok(())
    }
}

impl Json {
    /// Appends the filled JSON text to `out`.
    ///
    /// # Errors
    /// When an expression fails, such as an undefined variable.
    pub fn render(&self, _scope: &mut Scope, _out: &mut Vec<u8>) -> Result<(), RenderError> {
        Ok(())
    }
}
