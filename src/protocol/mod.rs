//! A step becomes traffic and a sample.

pub mod graphql;
pub mod http;
pub mod redis;
