//! GraphQL without a network: documents, schemas, and whether they fit.

pub mod document;
pub mod endpoint;
pub(crate) mod finding;
pub mod introspection;
mod parse;
pub mod schema;
pub(crate) mod values;
