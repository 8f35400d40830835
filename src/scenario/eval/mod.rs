//! Values at run time: templates, expectations, captures and paths, and the response that they look at.

pub mod budget;
pub mod capture;
pub mod expect;
mod html;
pub(crate) mod json;
pub mod operator;
pub mod path;
pub mod pick;
pub mod response;
pub mod status;
pub mod template;
