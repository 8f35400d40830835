//! A step becomes traffic and a sample.

pub mod http;
pub mod redis;
