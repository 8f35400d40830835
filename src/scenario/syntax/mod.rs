//! Source texts of a scenario: files and includes, YAML with positions, profiles, and messages.

pub(crate) mod advice;
pub(crate) mod compose;
pub(crate) mod diagnostic;
pub(crate) mod dotenv;
pub(crate) mod node;
pub(crate) mod source;
pub(crate) mod yaml_error;
