//! Sends a run to other systems while it lasts: metrics, messages, events.
//!
//! In: snapshots. Out: requests from a thread of its own. A [`Feed`](feed::Feed) turns snapshots into news for one sink; an
//! [`Outbox`](outbox::Outbox) sends requests from a bounded queue and retries them. A receiver that is slow, or that does
//! not respond, costs the queue's memory and never slows the load.
//!
//! A sink is one file with a [`Sink`], and its row in [`registry::SINKS`].

mod contract;
mod feed;
mod http;
mod interval;
mod news;
mod outbox;
mod push;
mod registry;
mod sinks;
mod status;
mod webhook;

pub use contract::Sink;
pub use feed::Judge;
pub use registry::{SINKS, configured};
pub use sinks::Sinks;
pub use status::Status;
