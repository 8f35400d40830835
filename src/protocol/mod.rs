//! Executes steps: sends traffic and fills in a [`StepResult`](result::StepResult).

pub mod context;
mod evaluate;
mod example;
pub mod graphql;
pub mod http;
pub mod message_sink;
pub mod net;
mod offload;
pub mod redis;
pub mod result;
pub mod sessions;
pub mod trace;
