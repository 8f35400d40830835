//! A step becomes traffic and a sample.

pub mod graphql;
pub mod http;
mod judged;
pub mod redis;
