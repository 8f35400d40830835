//! The language as tables: every key with the kind of its value, and the words that mean something.

pub(crate) mod keys;
pub mod schema;
pub mod words;
