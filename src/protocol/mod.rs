//! A step becomes traffic and a sample.

mod evaluate;
pub mod graphql;
pub mod http;
pub mod net;
mod offload;
pub mod redis;
pub mod result;
