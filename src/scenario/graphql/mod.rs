//! GraphQL without network: documents, schemas, and validation.

mod deprecated;
pub mod document;
pub mod endpoint;
pub(crate) mod finding;
mod input_values;
pub mod introspection;
pub(crate) mod introspection_query;
mod parse;
pub mod schema;
mod schema_files;
mod sdl;
mod subscription_root;
mod uses;
pub(crate) mod values;
