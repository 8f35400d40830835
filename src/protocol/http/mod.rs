//! HTTP/1.1 and HTTP/2: an [`HttpStep`](crate::scenario::plan::HttpStep) becomes a request, its response a
//! [`StepResult`](crate::protocol::result::StepResult).
//!
//! A request can also open a WebSocket, which is a [`Socket`].
//!
//! One [`Factory`] a shard holds what is dear to build (TLS configuration, resolver); one [`UserClient`] a user holds
//! that user's connections and cookies. No type of the HTTP library leaves this module.

mod address;
mod attempt;
mod client;
mod connect;
mod connection;
mod cookies;
mod dial;
mod draft;
mod encode;
mod error;
mod evaluator;
mod example;
mod h1;
mod h2;
mod limits;
mod lines;
mod pool;
mod reqwest_client;
mod response;
mod settings;
mod stream;
mod trace;
mod transfer;
mod websocket;

pub(super) use reqwest_client::proxies;

pub use client::{Factory, UserClient};
pub use evaluator::{Costly, Evaluator};
pub use response::Response;
pub use transfer::Transfer;
pub use websocket::{Broken, Received, Socket, Subprotocol};
