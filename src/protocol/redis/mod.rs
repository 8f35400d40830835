//! Redis: publishing, subscribing and plain commands, and whether published messages are delivered.
//!
//! In: steps of the plan. Out: [`StepResult`](crate::protocol::result::StepResult)s, and deliveries and losses for a
//! [`MessageSink`](crate::protocol::message_sink::MessageSink). A user has a connection for commands, one for
//! publishing and, once it subscribes, one that only receives; in a cluster, to each node that it needs. Commands go
//! through the `redis` crate. Messages are written here, because the crate costs a tenth more, and read here: the crate
//! could stamp their receipt as well, but it keeps them in a queue without bounds, holds as much as a server announces,
//! and needs half as much memory again for each subscriber.

mod arguments;
mod backlog;
mod checked;
mod client;
mod clock;
mod cluster;
mod connection;
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
