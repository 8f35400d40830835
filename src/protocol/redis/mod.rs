//! Redis: publishing, subscribing and plain commands, and whether what was published arrives.
//!
//! Plan steps go in; [`StepResult`](crate::protocol::result::StepResult)s come out for the statistics, and deliveries and
//! their losses go to a [`MessageSink`](crate::protocol::message_sink::MessageSink). A user has one connection for what it sends and, when it subscribes, one more that
//! does nothing but receive. The wire format is read here and not by a client library, because the moment of receipt
//! must be stamped where the bytes come in, and memory must stay bounded whatever the server sends.

mod backlog;
mod client;
mod clock;
mod connection;
mod envelope;
mod error;
mod evaluate;
mod example;
mod glob;
mod info;
mod inner;
mod monitor;
mod names;
mod probe;
mod receiver;
mod receiver_command;
mod resp;
mod shared;
mod stream;
mod streams;
mod subscriptions;
mod trace;
mod track;
pub mod words;

pub use client::{Factory, UserClient};
pub use monitor::{Monitor, watch};
pub use probe::{Silent, probe};
pub use shared::RedisError;

pub use crate::scenario::plan::{Address, AddressError};
