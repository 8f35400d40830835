//! GraphQL without network: documents, schemas, and validation.

pub mod document;
pub mod endpoint;
pub(crate) mod finding;
pub mod introspection;
mod parse;
pub mod schema;
pub(crate) mod values;
