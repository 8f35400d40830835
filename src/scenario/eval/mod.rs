//! Evaluation at run time: templates, expectations, captures and paths, and the view of a response that they read.

pub mod budget;
pub mod capture;
pub mod distribution;
pub mod expect;
mod html;
pub(crate) mod json;
pub mod operator;
pub mod path;
pub mod payload;
pub mod pick;
pub mod response;
pub mod size;
pub mod status;
pub mod template;
