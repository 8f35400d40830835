//! The language as tables: every key with the kind of its value, the rules between keys, and the words that mean
//! something. The JSON Schema is made from the tables, and the compiler checks files by them.

pub(crate) mod actions;
pub(crate) mod keys;
pub(crate) mod kind;
pub(crate) mod members;
pub mod schema;
pub(crate) mod table;
pub mod words;
