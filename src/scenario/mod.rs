//! Compiles a YAML file to a [`Plan`]: it is read, validated and compiled once, before anything is sent.
//!
//! Input: a path or a text. Output: a [`Scenario`] (compiled, and cheap to keep in a list), from which
//! [`Scenario::plan`] creates a [`Plan`] for one run; or a [`ScenarioError`] with file, line, column and excerpt.
//!
//! The modules, lowest first; each imports only those above it in this diagram:
//!
//! ```text
//! secrets (masking)   grammar (the language as tables)
//!        └────────┬────────────┘
//!               syntax (YAML with places, diagnostics)
//!                 │
//!               eval (values at run time)
//!                 │
//!               plan (what the engine runs)
//!                 ├───────▶ estimate (a plan in words)
//!               graphql (documents against a schema)
//!                 │
//!               compile (syntax and grammar become a plan)
//!                 │
//!               load, run, catalog and the other files in this folder
//! ```

pub mod catalog;
mod check_graphql;
mod compile;
mod defaults;
mod environment;
pub mod estimate;
pub mod eval;
pub mod grammar;
pub mod graphql;
mod load;
mod overrides;
pub mod plan;
mod run;
mod runnable;
pub mod secrets;
pub(crate) mod syntax;
mod warm_up;

pub use check_graphql::CheckedGraphql;
pub use load::Scenario;
pub use overrides::{LoadDefaults, Overrides};
pub use plan::host::{DEMO_HOST, is_redis};
pub use plan::{Plan, SelectOptions};
pub(crate) use run::{DEMO_BASE, DEMO_SHOWN};
pub use syntax::diagnostic::ScenarioError;

/// Number of trees compiled on this thread: a file, and each of its profiles.
#[cfg(test)]
pub(crate) fn compiled_here() -> usize {
    compile::COMPILED.get()
}

#[cfg(test)]
mod tests;
