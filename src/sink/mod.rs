//! Sends events of a run to other systems, during the run.
//!
//! In: snapshots. Out: requests, from a dedicated thread. A [`Feed`](feed::Feed) converts snapshots into events for one
//! sink; an [`Outbox`](outbox::Outbox) sends requests from a bounded queue, with retries. Slow or unresponsive
//! receivers do not affect the load; the queue limits their memory use.
//!
//! To add a sink, implement [`Sink`] in a module and add it to [`registry::SINKS`].

mod contract;
mod datadog;
mod event;
mod feed;
mod figures;
pub mod http;
mod interval;
mod otlp;
mod outbox;
mod prometheus;
mod push;
mod registry;
mod sinks;
mod slack;
mod status;
mod webhook;

pub use contract::Sink;
pub use datadog::not_a_socket;
pub use feed::Judge;
pub use prometheus::{cannot_listen, serves_metrics};
pub use registry::{SINKS, configured, refusal};
pub use sinks::Sinks;
pub use status::Status;
