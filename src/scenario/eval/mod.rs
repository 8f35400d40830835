//! Values at run time: templates, expectations, captures and paths, and the response that they look at.

pub mod budget;
pub mod capture;
pub mod expect;
mod html;
pub(crate) mod json;
pub mod path;
pub mod response;
pub mod template;
