//! The language as tables: keys with the kinds of their values, rules between keys, and reserved words. The JSON Schema
//! is generated from the tables, and the compiler validates files with them.

pub(crate) mod actions;
pub(crate) mod examples;
pub(crate) mod hints;
pub(crate) mod keys;
pub(crate) mod kind;
pub(crate) mod likely;
pub(crate) mod members;
pub(crate) mod metrics;
pub mod schema;
pub(crate) mod table;
pub mod words;
