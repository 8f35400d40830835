//! HTTP/1.1 and HTTP/2: sends an [`HttpStep`](crate::scenario::plan::HttpStep) and fills in a
//! [`StepResult`](crate::protocol::result::StepResult).
//!
//! Also opens WebSockets: [`Socket`].
//!
//! Each shard has one [`HttpClientFactory`], which holds what is expensive to build (TLS configuration, resolver); each
//! user has a [`HttpClient`] with its connections and cookies. No type of the HTTP library is visible outside this
//! module.

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
mod lazy_headers;
mod limits;
mod pool;
mod reqwest_client;
mod response;
mod settings;
mod stream;
mod trace;
mod traceparent;
mod transfer;
mod websocket;

pub(crate) use reqwest_client::{proxies, reason as library_reason};

pub use client::{HttpClient, HttpClientFactory};
pub use evaluator::{Evaluator, TooExpensive};
pub use response::Response;
pub use transfer::Transfer;
pub use websocket::{Socket, SocketError, SocketMessage, Subprotocol};
