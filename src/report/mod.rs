//! A run becomes a file or a text: [`FORMATS`] has the formats of files, one row each.

pub mod allowance;
pub mod csv;
mod error;
mod file;
pub mod finding;
pub mod findings_page;
mod format;
mod html;
mod json;
mod junit;
pub mod locust_json;
mod markdown;
mod one_file;
mod registry;
mod shown;
pub mod silence;
mod standing;
pub mod text;

pub use error::ReportError;
pub use format::Format;
pub use one_file::OneFile;
pub use registry::{FORMATS, format};
