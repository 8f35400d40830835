//! Redis: publishing, subscribing and plain commands, and whether published messages are delivered.
//!
//! In: steps of the plan. Out: [`StepResult`](crate::protocol::result::StepResult)s, and deliveries and losses for a
//! [`MessageSink`](crate::protocol::message_sink::MessageSink). A user has one connection for commands and, once it
//! subscribes, one that only receives; in a cluster, to each node that it needs.
//!
//! The `redis` crate packs commands, parses responses and errors, and finds slots. Bytes are sent and received here: with
//! the crate's own connection, a GET costs 1.05 times the processor time of redis-benchmark, and 0.86 times with ours; and
//! it would hold whatever a server announces, and keep messages in a queue without bounds.

mod arguments;
mod backlog;
mod client;
mod clock;
mod cluster;
mod envelope;
mod error;
mod evaluate;
mod example;
#[cfg(test)]
mod example_responses;
mod glob;
mod info;
mod lookups;
mod monitor;
mod nested_errors;
mod prefill;
mod probe;
mod receiver;
mod receiver_command;
mod resp;
mod shared;
mod socket;
mod stream;
mod streams;
mod subscription_table;
mod subscriptions;
mod trace;
mod track;
mod value;
pub mod words;

pub use client::{RedisClient, RedisClientFactory};
pub use monitor::{Monitor, watch};
pub use prefill::prefill;
pub use probe::{ProbeError, ServerClients, ping, probe};
pub use shared::RedisSetupError;

pub use crate::scenario::plan::{Address, AddressError};
