//! Redis: publishing, subscribing and plain commands, and whether published messages are delivered.
//!
//! In: steps of the plan. Out: [`StepResult`](crate::protocol::result::StepResult)s, and deliveries and losses for a
//! [`MessageSink`](crate::protocol::message_sink::MessageSink). A user has one connection for commands and, once it
//! subscribes, a second one that only receives. RESP is parsed here and not by a client library, because messages need
//! a timestamp from when their bytes arrive, and memory must stay bounded whatever the server sends.

mod backlog;
mod client;
mod clock;
mod command;
mod connection;
mod envelope;
mod error;
mod evaluate;
mod example;
mod glob;
mod info;
mod lookups;
mod monitor;
mod nested_errors;
mod probe;
mod receiver;
mod receiver_command;
mod resp;
mod shared;
mod stream;
mod streams;
mod subscription_table;
mod subscriptions;
mod trace;
mod track;
pub mod words;

pub use client::{RedisClient, RedisClientFactory};
pub use monitor::{Monitor, watch};
pub use probe::{ProbeError, ServerClients, ping, probe};
pub use shared::RedisSetupError;

pub use crate::scenario::plan::{Address, AddressError};
