//! Writes runs as files or text. The file formats are listed in [`FORMATS`].

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
pub mod markdown;
mod one_file;
mod registry;
mod shown;
pub mod silence;
mod standing;
pub mod text;
pub mod traces;

pub use error::ReportError;
pub use file::conflicts;
pub use format::Format;
pub use one_file::OneFile;
pub use registry::{FORMATS, format};
