//! The text of a scenario: files and what they include, YAML with its places, profiles, and messages that show them.

pub(crate) mod advice;
pub(crate) mod compose;
pub(crate) mod diagnostic;
pub(crate) mod dotenv;
pub(crate) mod node;
pub(crate) mod source;
