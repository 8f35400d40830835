//! GraphQL over HTTP, and subscriptions over WebSockets.

mod business;
mod cost;
mod envelope;
mod example;
mod introspect;
mod operation;
mod outcome;
mod subscription;

pub use introspect::introspect;
pub use operation::execute;
pub use subscription::listen;
