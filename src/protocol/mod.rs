//! A step becomes traffic and a sample.

pub mod graphql;
pub mod http;
mod judged;
mod offload;
pub mod redis;
