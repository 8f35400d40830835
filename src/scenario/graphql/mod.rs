//! GraphQL without a network: documents, schemas, and whether they fit.

pub mod check;
pub mod document;
pub mod introspection;
pub mod schema;
pub(crate) mod values;
