//! A run becomes a file or a text: [`FORMATS`] has the formats of files, one row each.

pub mod csv;
mod error;
pub mod finding;
mod format;
mod registry;
pub mod silence;
pub mod text;

pub use error::ReportError;
pub use format::Format;
pub use registry::{FORMATS, format};
