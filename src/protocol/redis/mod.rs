//! Redis: publishing, subscribing and plain commands, and whether what was published arrives.
//!
//! Plan steps go in; [`Exchange`]s come out for the statistics, and deliveries and
//! their losses go to a [`Sink`]. A user has one connection for what it sends and, when it subscribes, one more that
//! does nothing but receive. The wire format is read here and not by a client library, because the moment of receipt
//! must be stamped where the bytes come in, and memory must stay bounded whatever the server sends.

mod answer;
mod backlog;
mod client;
mod clock;
mod connection;
mod envelope;
mod error;
mod glob;
mod info;
mod inner;
mod monitor;
mod names;
mod order;
mod probe;
mod receiver;
mod resp;
mod shared;
mod stream;
mod streams;
mod subscriptions;
mod track;
pub mod watch;

use std::time::Duration;

pub use client::{Factory, UserClient};
pub use monitor::{EVERY, Monitor};
pub use probe::{Silent, probe};
pub use shared::RedisError;

use crate::protocol::http::Exchange;
pub use crate::scenario::plan::{Address, AddressError};
use crate::stats::delivery::Tally;

/// One message that has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// From the send to the receipt. How late it was sent is in the time of its `PUBLISH`, and not here once more.
    pub latency: Duration,
    /// Length of the message.
    pub bytes: u64,
}

/// Where a receiver puts what it measures. Called on the path of receipt, so it must be quick.
pub trait Sink: 'static {
    /// A measured message has come, for a `DELIVER` row.
    fn delivered(&self, row: u32, delivery: Delivery);
    /// Something was counted for a row.
    fn tally(&self, row: u32, tally: &Tally);
    /// Messages have been coming faster than they were read, for this long.
    fn backlog(&self, behind: Duration);
    /// A connection was opened again, or could not be, for a `SUBSCRIBE` row.
    fn sample(&self, row: u32, exchange: Exchange);
}
